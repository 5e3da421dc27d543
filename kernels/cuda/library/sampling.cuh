// Where the samples of a RoI lie and which pixels they read: rules RA-1 to RA-7 of conformance/SPECIFICATION.md, once for
// all operators. A RoI's sampling grid is the product of a grid along y and one along x, so everything is per axis; the
// geometry of a RoI is worked out once, into lists in shared memory, and serves all channels.
//
// Coordinates are feature pixels.
#pragma once

#include "library/axis.cuh"
#include "library/choices.cuh"

enum class Offset { none, half, half_before_scale, pixel_centre };
enum class End { exclusive, plus_one };
enum class MinSize { none, zero, one };
enum class Adaptive { ceil, floor, round };
enum class GridCap { none, map };
enum class EmptyGrid { zero, nan, one_sample };
enum class Outside { zero, clamp };

#define OFFSET ROIKIT_CHOICE(Offset, OFFSET)
#define END ROIKIT_CHOICE(End, END)
#define MIN_SIZE ROIKIT_CHOICE(MinSize, MIN_SIZE)
#define ADAPTIVE ROIKIT_CHOICE(Adaptive, ADAPTIVE)
#define GRID_CAP ROIKIT_CHOICE(GridCap, GRID_CAP)
#define EMPTY_GRID ROIKIT_CHOICE(EmptyGrid, EMPTY_GRID)
#define OUTSIDE ROIKIT_CHOICE(Outside, OUTSIDE)

// What a struct of parameters has for this geometry.
#define ROIKIT_GEOMETRY_FIELDS int sampling_y, sampling_x;

// The farthest from the origin that an adaptively sampled RoI may reach, in feature pixels. Up to here a float32
// coordinate is off by less than half a pixel, which bounds the number of samples inside the map (`list_capacity` in staging/sampling.py).
constexpr float ADAPTIVE_REACH = 1048576.0f;

// One axis of a RoI.
struct Axis {
    acc_t start;   // RA-1: where bin 0 begins
    acc_t bin;     // RA-3: signed bin size
    acc_t grid;    // RA-4: samples per bin as the divisor counts them; may be zero or negative
    int taken;     // samples per bin that are taken
    int size;      // H or W
    bool held;     // RA-2 enlarged the extent, so that the end does not matter
};

// RA-1
ROIKIT_FN acc_t map_coordinate(acc_t x, acc_t scale) {
    switch (OFFSET) {
        case Offset::none: return mul(x, scale);
        case Offset::half: return add(mul(x, scale), (acc_t)-0.5f);
        case Offset::half_before_scale: return mul(add(x, (acc_t)-0.5f), scale);
        case Offset::pixel_centre: return add(mul(add(x, (acc_t)0.5f), scale), (acc_t)-0.5f);
    }
    return x;
}

// RA-4, for an axis sampled adaptively
ROIKIT_FN acc_t adaptive_grid(acc_t bin) {
    switch (ADAPTIVE) {
        case Adaptive::ceil: return ceil_of(bin);
        case Adaptive::floor: return floor_of(bin);
        case Adaptive::round: return round_of(bin);
    }
    return bin;
}

// RA-1 to RA-4. A sampling ratio <= 0 samples adaptively.
template <class Params> ROIKIT_FN Placed place_axis(acc_t low, acc_t high, acc_t scale, int bins, int size, const Params& params,
                                                    bool along_y, Axis& axis) {
    const int sampling_ratio = along_y ? params.sampling_y : params.sampling_x;
    axis.start = map_coordinate(low, scale);
    const acc_t stop = map_coordinate(END == End::plus_one ? add(high, (acc_t)1) : high, scale);
    acc_t extent = add(stop, -axis.start);
    if (!is_finite(axis.start) || !is_finite(extent)) return Placed::not_finite;
    const acc_t least = MIN_SIZE == MinSize::one ? (acc_t)1 : (acc_t)0;
    axis.held = MIN_SIZE != MinSize::none && extent < least;
    if (axis.held) extent = least;
    axis.bin = extent / (acc_t)bins;
    axis.size = size;

    const bool adaptive = sampling_ratio <= 0;
    const acc_t reach = (acc_t)ADAPTIVE_REACH;
    if (adaptive && !(axis.start >= -reach && axis.start <= reach && stop >= -reach && stop <= reach)) {
        return Placed::too_far;
    }
    axis.grid = adaptive ? adaptive_grid(axis.bin) : (acc_t)sampling_ratio;
    if (EMPTY_GRID == EmptyGrid::one_sample && axis.grid < (acc_t)1) axis.grid = (acc_t)1;
    axis.taken = axis.grid > (acc_t)0 ? (int)axis.grid : 0;
    if (GRID_CAP == GridCap::map && adaptive && axis.taken > size) axis.taken = size;
    // RA-5 multiplies before it divides.
    return is_finite(mul((acc_t)axis.taken, axis.bin)) ? Placed::ok : Placed::not_finite;
}

// RA-5: the position of the sample at rank `rank` of bin `p`. Ranks count in the direction in which positions grow, so
// that an inverted box is walked from its far end.
ROIKIT_FN acc_t position(const Axis& axis, int p, int rank) {
    const int i = axis.bin < (acc_t)0 ? axis.taken - 1 - rank : rank;
    const acc_t corner = add(axis.start, mul((acc_t)p, axis.bin));
    return add(corner, mul(add((acc_t)i, (acc_t)0.5f), axis.bin) / axis.grid);
}

// The first rank in [0, taken] whose position is at least (or, if `beyond`, is greater than) `limit`. Rounding is monotone,
// hence so are positions, and this finds exactly the samples that a test of each would find.
ROIKIT_FN int first_rank(const Axis& axis, int p, acc_t limit, bool beyond) {
    int low = 0, high = axis.taken;
    while (low < high) {
        const int middle = (low + high) / 2;
        const acc_t at = position(axis, p, middle);
        if (beyond ? at > limit : at >= limit) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

struct Ranks {
    int begin, end;
};

// RA-6: the ranks of the samples of bin `p` that are inside.
ROIKIT_FN Ranks inside_ranks(const Axis& axis, int p) {
    if (OUTSIDE == Outside::clamp) return Ranks{0, axis.taken};
    return Ranks{first_rank(axis, p, (acc_t)-1, false), first_rank(axis, p, (acc_t)axis.size, true)};
}

#include "library/bilinear.cuh"

ROIKIT_FN Sample sample_at(const Axis& axis, int p, int rank) { return interpolate(position(axis, p, rank), axis.size); }
