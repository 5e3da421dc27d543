// Cosine and sine of an angle, by operations whose rounding is known: the same bits on a CPU and on a GPU. Both are off by a few units of
// their last place, for angles of up to 2^16 radians; of larger ones, which have lost what makes them angles, they are some numbers
// whose squares add up to about 1.
#pragma once

struct Turned {
    acc_t cos, sin;
};

constexpr bool IS_FLOAT = sizeof(acc_t) == 4;

// A number of the type of coordinates that is written with all the digits of the widest.
ROIKIT_FN acc_t constant(double x) {
    if constexpr (IS_FLOAT) return (acc_t)(float)x;
    return (acc_t)x;
}

ROIKIT_FN acc_t magnitude(acc_t x) { return x < (acc_t)0 ? -x : x; }

// How many quarter turns are left of a number of them modulo a whole turn: 0 to 3.
ROIKIT_FN int quarters_past_turns(acc_t quarters) {
    return (int)add(quarters, -mul((acc_t)4, floor_of(mul(quarters, (acc_t)0.25f))));
}

// Of an angle in radians, between −π/4 and π/4 or a little more, and a number of quarter turns: by Taylor's series, of which the first
// term that is left out is less than 2^-54.
ROIKIT_FN Turned turned_by(acc_t angle, acc_t quarters) {
    const acc_t z = mul(angle, angle);
    acc_t s = constant(-1.0 / 1307674368000), c = constant(1.0 / 20922789888000);
    s = multiply_add(s, z, constant(1.0 / 6227020800)), c = multiply_add(c, z, constant(-1.0 / 87178291200));
    s = multiply_add(s, z, constant(-1.0 / 39916800)), c = multiply_add(c, z, constant(1.0 / 479001600));
    s = multiply_add(s, z, constant(1.0 / 362880)), c = multiply_add(c, z, constant(-1.0 / 3628800));
    s = multiply_add(s, z, constant(-1.0 / 5040)), c = multiply_add(c, z, constant(1.0 / 40320));
    s = multiply_add(s, z, constant(1.0 / 120)), c = multiply_add(c, z, constant(-1.0 / 720));
    s = multiply_add(s, z, constant(-1.0 / 6)), c = multiply_add(c, z, constant(1.0 / 24));
    c = multiply_add(c, z, (acc_t)-0.5f);
    const acc_t sin = multiply_add(mul(angle, z), s, angle), cos = multiply_add(c, z, (acc_t)1);
    switch (quarters_past_turns(quarters)) {
        case 1: return Turned{-sin, cos};
        case 2: return Turned{-cos, -sin};
        case 3: return Turned{sin, -cos};
    }
    return Turned{cos, sin};
}

// The rest of an angle less whole quarter turns, which is no more than an eighth of a turn unless the angle has lost its digits.
ROIKIT_FN acc_t kept_small(acc_t rest, acc_t eighth) { return magnitude(rest) <= eighth ? rest : (acc_t)0; }

ROIKIT_FN Turned turned_by_degrees(acc_t angle) {
    const acc_t quarters = round_of(angle / (acc_t)90);
    const acc_t rest = kept_small(multiply_add(quarters, (acc_t)-90, angle), (acc_t)46);
    const acc_t high = IS_FLOAT ? constant(0.01745329238474369) : constant(0.017453292519943295);
    const acc_t low = IS_FLOAT ? constant(1.3519960151420207e-10) : constant(2.9486522708701687e-19);
    return turned_by(multiply_add(rest, low, mul(rest, high)), quarters);
}

// An angle as a number of quarter turns and a rest of no more than an eighth of a turn, or a little more.
struct Quarters {
    acc_t count, rest;
};

// With `exact`, the number that is nearest to a multiple of a quarter turn is that multiple (RR-4). π/2 is the sum of three numbers of the
// type of coordinates.
ROIKIT_FN Quarters quarters_of(acc_t angle, bool exact) {
    const acc_t first = IS_FLOAT ? constant(1.5707963705062866) : constant(1.5707963267948966);
    const acc_t second = IS_FLOAT ? constant(-4.371138828673793e-08) : constant(6.123233995736766e-17);
    const acc_t third = IS_FLOAT ? constant(-1.7151245100058819e-15) : constant(-1.4973849048591698e-33);
    const acc_t quarters = round_of(mul(angle, constant(0.6366197723675814)));
    if (exact && magnitude(quarters) <= (acc_t)64) {
        const acc_t product = mul(quarters, first), error = multiply_add(quarters, first, -product);
        if (add(product, multiply_add(quarters, second, error)) == angle) return Quarters{quarters, (acc_t)0};
    }
    acc_t rest = multiply_add(-quarters, first, angle);
    rest = multiply_add(-quarters, second, rest);
    rest = multiply_add(-quarters, third, rest);
    return Quarters{quarters, kept_small(rest, (acc_t)0.8f)};
}

ROIKIT_FN Turned turned_by_radians(acc_t angle, bool exact) {
    const Quarters quarters = quarters_of(angle, exact);
    return turned_by(quarters.rest, quarters.count);
}
