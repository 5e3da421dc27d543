// Where the samples of a RoI lie, and which orientations it mixes: RI-1 to RI-4 of conformance/operators/riroi_align_rotated/RULES.md.
#pragma once

#include "library/points/turned.cuh"

#define ROIKIT_GEOMETRY_FIELDS int sampling_y, sampling_x, orientations;

// What a RoI makes of the orientations of a feature: `low` times one, and `high` times the one after it.
struct Mixture {
    int whole;  // RI-2: the whole orientation at or before its angle, from 0 to one less than there are
    acc_t low, high;
};

struct Points : TurnedPoints {
    Mixture mixture;
};

// RI-2, RI-3: of the angle as it is given, whichever way boxes turn. A quarter turn counts in whole numbers, so that of an angle only
// what is left of it, an eighth of a turn at the most, is rounded.
ROIKIT_FN Mixture mixture_of(acc_t angle, int orientations) {
    const Quarters quarters = quarters_of(angle, QUARTER_TURNS == QuarterTurns::exact);
    const int64 passed = (int64)quarters_past_turns(quarters.count) * orientations;  // in quarters of an orientation
    const acc_t per_radian = mul((acc_t)orientations, constant(0.15915494309189535));
    const acc_t part = add(mul((acc_t)(int)(passed % 4), (acc_t)0.25f), mul(quarters.rest, per_radian));
    const acc_t down = floor_of(part);
    const int64 whole = (passed / 4 + (int64)down) % orientations;
    Mixture mixture;
    mixture.whole = (int)(whole < 0 ? whole + orientations : whole);
    mixture.high = add(part, -down);
    mixture.low = add((acc_t)1, -mixture.high);
    return mixture;
}

template <class Params> ROIKIT_FN Placed place_points(const acc_t* box, const Params& params, Points& points) {
    const Placed placed = place_turned(box, params, points);
    points.mixture = Mixture{0, (acc_t)1, (acc_t)0};
    if (placed == Placed::ok) points.mixture = mixture_of(box[5], params.orientations);
    return placed;
}

// RI-4: the channel that is so many orientations on, or back, from another of its feature; no more than there are.
ROIKIT_FN int64 channel_after(int64 channel, int turned, int orientations) {
    const int orientation = (int)(channel % orientations);
    int other = orientation + turned;
    if (other < 0) other += orientations;
    if (other >= orientations) other -= orientations;
    return channel - orientation + other;
}
