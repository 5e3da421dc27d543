// Powers and logarithms of the numbers that are computed with, out of operations that are rounded alike everywhere: a compiler's own
// differ from machine to machine. There are no branches, so that a CPU works them out for many numbers at once. u is the greatest error of a
// rounding relative to the result, 2^-24 or 2^-53.
#pragma once

typedef wider<feature_t>::type plain_t;
constexpr bool IN_SINGLE = sizeof(plain_t) == 4;

// ---- bits -----------------------------------------------------------------------------------------------------------------

ROIKIT_FN unsigned long long bits_of(double x) {
#ifdef __CUDA_ARCH__
    return (unsigned long long)__double_as_longlong(x);
#else
    unsigned long long bits;
    __builtin_memcpy(&bits, &x, 8);
    return bits;
#endif
}

ROIKIT_FN double double_of_bits(unsigned long long bits) {
#ifdef __CUDA_ARCH__
    return __longlong_as_double((long long)bits);
#else
    double x;
    __builtin_memcpy(&x, &bits, 8);
    return x;
#endif
}

ROIKIT_FN void raise_two(int exponent, float& to) { to = float_of((unsigned)(exponent + 127) << 23); }
ROIKIT_FN void raise_two(int exponent, double& to) { to = double_of_bits((unsigned long long)(exponent + 1023) << 52); }

// 2^exponent, which is a normal number.
ROIKIT_FN acc_t power_of_two(int exponent) {
    plain_t power;
    raise_two(exponent, power);
    return (acc_t)power;
}

// The exponent of a normal number greater than 0, and the number over that power of two.
ROIKIT_FN int split(float x, float& part) {
    const unsigned bits = bits_of(x);
    part = float_of((bits & 0x7fffffu) | 0x3f800000u);
    return (int)(bits >> 23) - 127;
}

ROIKIT_FN int split(double x, double& part) {
    const unsigned long long bits = bits_of(x);
    part = double_of_bits((bits & 0xfffffffffffffull) | 0x3ff0000000000000ull);
    return (int)(bits >> 52) - 1023;
}

// A constant, rounded by the compiler.
ROIKIT_FN acc_t number(double x) { return (acc_t)(plain_t)x; }

ROIKIT_FN acc_t polynomial(acc_t, double last) { return number(last); }
template <class... More> ROIKIT_FN acc_t polynomial(acc_t x, double first, More... more) {
    return multiply_add(polynomial(x, more...), x, number(first));
}

// ---- functions ------------------------------------------------------------------------------------------------------------

constexpr int LEAST_EXPONENT = IN_SINGLE ? -126 : -1022;  // of a normal number
constexpr int SUBNORMAL_BITS = IN_SINGLE ? 23 : 52;

// 2^x, within 4 u of it, or half of the smallest number; exact where x is whole.
//
// With x = k + r, |r| <= 0.5001, the series of 2^r = 1 + r s ends with r^7, or r^13: what is left out is less than u/8. s is within 4 u
// of itself, in Horner's order, fused or not, and |r s| <= 0.42 <= 0.6 · 2^r, which makes 2.4 u; a product, if it is not fused, and the sum
// round to 1.6 u at the most. What is subnormal is rounded once, at the end, where what is too small becomes 0 and what is too large infinite.
ROIKIT_FN acc_t two_to(acc_t x) {
    const acc_t least = number(LEAST_EXPONENT - SUBNORMAL_BITS - 2), most = number(2 - LEAST_EXPONENT);
    const acc_t near = x > least ? x < most ? x : most : least;
    const acc_t whole = floor_of(near + (acc_t)0.5f), rest = near - whole;
    acc_t sum;
    if constexpr (IN_SINGLE) {
        sum = polynomial(rest, 1.0, 0.6931471805599453, 0.24022650695910072, 0.05550410866482158, 0.009618129107628477,
                         0.0013333558146428443, 0.0001540353039338161, 1.5252733804059841e-05);
    } else {
        sum = polynomial(rest, 1.0, 0.6931471805599453, 0.24022650695910072, 0.05550410866482158, 0.009618129107628477,
                         0.0013333558146428443, 0.0001540353039338161, 1.5252733804059841e-05, 1.321548679014431e-06,
                         1.01780860092397e-07, 7.054911620801123e-09, 4.4455382718708116e-10, 2.5678435993488206e-11,
                         1.3691488853904128e-12);
    }
    const int exponent = (int)whole, half = exponent / 2;
    const acc_t power = sum * power_of_two(half) * power_of_two(exponent - half);
    return x == x ? power : x;
}

// The logarithm of x by 2, within 8 u of it, for x greater than 0 and finite; exact where x is a power of two.
//
// With x = 2^k m, 0.707 <= m <= 1.415, it is k + s t, s = (m - 1) / (m + 1) within 2 u, |s| <= 0.1717, and t = 2 / ln 2 · Σ s^2i / (2i + 1),
// whose terms up to s^8, or s^20, leave out less than u/8, within 3 u: s t is within 6 u of itself. Where k is not 0 that is no more than
// 3 u beside a sum of at least 0.5, which is rounded once more.
ROIKIT_FN acc_t log2_of(acc_t x) {
    const bool is_subnormal = x < power_of_two(LEAST_EXPONENT);
    const acc_t normal = is_subnormal ? x * power_of_two(SUBNORMAL_BITS + 1) : x;
    plain_t between;
    const int floor = split((plain_t)normal, between) - (is_subnormal ? SUBNORMAL_BITS + 1 : 0);
    const bool is_large = (acc_t)between > number(1.4142135623730951);
    const int exponent = is_large ? floor + 1 : floor;
    const acc_t part = is_large ? (acc_t)between * (acc_t)0.5f : (acc_t)between;
    const acc_t share = (part - (acc_t)1) / (part + (acc_t)1), square = share * share;
    acc_t sum;
    if constexpr (IN_SINGLE) {
        sum = polynomial(square, 2.8853900817779268, 0.9617966939259756, 0.5770780163555853, 0.4121985831111324, 0.3205988979753252);
    } else {
        sum = polynomial(square, 2.8853900817779268, 0.9617966939259756, 0.5770780163555853, 0.4121985831111324, 0.3205988979753252,
                         0.2623081892525388, 0.22195308321368667, 0.19235933878519512, 0.16972882833987804, 0.15186263588304877,
                         0.1373995277037108);
    }
    return multiply_add(share, sum, (acc_t)exponent);
}

// x^y for x of at least 0 and y > 0, or x > 0: with t = |y ln x|, within (5 + 10 t) u of it, or half of the smallest number. The
// logarithm is off by 8 u of t, and the product by one more, as y may be by a rounding.
ROIKIT_FN acc_t raised(acc_t x, acc_t y) {
    return x > (acc_t)0 ? two_to(y * log2_of(x)) : x;
}
