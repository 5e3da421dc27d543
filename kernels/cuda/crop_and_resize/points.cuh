// Where the points of a box lie on an image and which pixels they read: CR-1 to CR-5 of
// conformance/operators/crop_and_resize/RULES.md. Everything is per axis, in pixels. Corners are fractions of H - 1 and W - 1, and scales
// are not looked at.
//
// What a dialect chooses comes with the launch: it costs a comparison for each point of an axis, and one kernel serves all.
#pragma once

#include "library/axis.cuh"

// What a struct of parameters has for this geometry: whether the mode is `nearest`; whether the last of several points is at the second
// corner (CR-2); and the slope (CR-8): whether from the right where there is none, and whether `nearest` has one.
#define ROIKIT_GEOMETRY_FIELDS                                  \
    double extrapolation_value;                                 \
    int nearest, last_at_corner;                                \
    int slope_from_right, slope_of_nearest;

// One axis of a box: point i is at start + i step, but for the last, which may be at the second corner.
struct Axis {
    acc_t start, step, last;
    int points, size;  // size: H or W
    int nearest, last_at_corner;
};

// CR-1, CR-2
template <class Params> ROIKIT_FN Placed place_axis(acc_t low, acc_t high, acc_t, int points, int size, const Params& params, bool,
                                                    Axis& axis) {
    const acc_t reach = (acc_t)(size - 1);
    axis.points = points;
    axis.size = size;
    axis.nearest = params.nearest;
    axis.last_at_corner = params.last_at_corner && points > 1;
    axis.start = points > 1 ? mul(low, reach) : mul(mul((acc_t)0.5f, add(low, high)), reach);
    axis.step = points > 1 ? mul(add(high, -low), reach) / (acc_t)(points - 1) : (acc_t)0;
    axis.last = mul(high, reach);
    const acc_t end = add(axis.start, mul((acc_t)(points - 1), axis.step));
    return is_finite(axis.start) && is_finite(axis.last) && is_finite(end) ? Placed::ok : Placed::not_finite;
}

ROIKIT_FN acc_t position(const Axis& axis, int i) {
    if (axis.last_at_corner && i == axis.points - 1) return axis.last;
    return add(axis.start, mul((acc_t)i, axis.step));
}

// The two pixels that a point reads, and the weight of the second, of which nothing is read if that is zero. Outside `low` is -1.
struct Taps {
    int low, high;
    acc_t fraction;
};

// CR-3: beyond the centres of the first and the last pixel.
ROIKIT_FN bool is_inside(acc_t at, int size) { return at >= (acc_t)0 && at <= (acc_t)(size - 1); }

// In more pixels than a float can count the last may be rounded up.
ROIKIT_FN int within(acc_t pixel, int size) { return (int64)pixel < size ? (int)pixel : size - 1; }

// CR-4, of a point that is inside.
ROIKIT_FN Taps taps_between(acc_t at, int size) {
    const acc_t low = floor_of(at);
    return Taps{within(low, size), within(ceil_of(at), size), add(at, -low)};
}

// CR-3 to CR-5
ROIKIT_FN Taps taps_at(const Axis& axis, int i) {
    const acc_t at = position(axis, i);
    if (!is_inside(at, axis.size)) return Taps{-1, -1, (acc_t)0};
    if (!axis.nearest) return taps_between(at, axis.size);
    const int pixel = within(round_of(at), axis.size);
    return Taps{pixel, pixel, (acc_t)0};
}
