// Where a RoI lies and which pixels its bins have: RP-1 to RP-5 of conformance/operators/roi_pool/RULES.md. Everything is per axis, in
// feature pixels and in double precision, which holds every number here that is a whole one.
//
// The specialisation defines ROIKIT_SNAP, ROIKIT_END, ROIKIT_MIN_SIZE, ROIKIT_EDGES and ROIKIT_SHIFT, each as a choice of the enum below.
#pragma once

#include "library/axis.cuh"
#include "library/choices.cuh"

enum class Snap { none, half_away, half_even, half_up };
enum class End { inclusive, exclusive, before_scale };
enum class MinSize { none, one };
enum class Edges { exact, float16, bfloat16, float32, float64, accumulated };
enum class Shift { after, inside };

#define SNAP ROIKIT_CHOICE(Snap, SNAP)
#define END ROIKIT_CHOICE(End, END)
#define MIN_SIZE ROIKIT_CHOICE(MinSize, MIN_SIZE)
#define EDGES ROIKIT_CHOICE(Edges, EDGES)
#define SHIFT ROIKIT_CHOICE(Shift, SHIFT)

// What a struct of parameters has for this geometry: nothing.
#define ROIKIT_GEOMETRY_FIELDS

#include "library/whole_pixels.cuh"

// RP-1
ROIKIT_FN acc_t snapped(acc_t x) {
    switch (SNAP) {
        case Snap::none: return x;
        case Snap::half_away: return round_of(x);
        case Snap::half_even: {
            const acc_t nearest = round_of(x), off = x - nearest;
            return off == (acc_t)0.5f || off == (acc_t)-0.5f ? (acc_t)2 * round_of(x / (acc_t)2) : nearest;
        }
        case Snap::half_up: return floor_of(add(x, (acc_t)0.5f));
    }
    return x;
}

ROIKIT_FN double within_reach(acc_t x) {
    return x < (acc_t)-REACH ? (double)-REACH : x > (acc_t)REACH ? (double)REACH : (double)x;
}

// RP-1 and RP-2
template <class Params> ROIKIT_FN Placed place_axis(acc_t low, acc_t high, acc_t scale, int bins, int size, const Params&, bool,
                                                    Axis& axis) {
    const acc_t first = snapped(mul(low, scale));
    const acc_t last = snapped(mul(END == End::before_scale ? add(high, (acc_t)1) : high, scale));
    if (!is_finite(first) || !is_finite(add(last, -first))) return Placed::not_finite;
    axis.start = within_reach(first);
    axis.extent = within_reach(last) - axis.start + (END == End::inclusive ? 1.0 : 0.0);
    if (MIN_SIZE == MinSize::one && axis.extent < 1.0) axis.extent = 1.0;
    axis.bins = bins;
    axis.size = size;
    return Placed::ok;
}

#include "library/edges.cuh"

// RP-4 and RP-5: the pixels of bin p.
ROIKIT_FN Span bin_at(const Axis& axis, int p) {
    if (!(axis.extent > 0.0)) return Span{0, 0};
    double first, end;
    if (EDGES == Edges::exact && SNAP != Snap::none) {
        // In whole numbers. With w = a P + b, p w / P is p a + p b / P, of which no part is too large.
        const int64 pixels = (int64)axis.extent, a = pixels / axis.bins, b = pixels % axis.bins;
        first = axis.start + (double)(p * a + p * b / axis.bins);
        end = axis.start + (double)((p + 1LL) * a + ((p + 1LL) * b + axis.bins - 1) / axis.bins);
    } else if (SHIFT == Shift::inside) {
        first = floor_of(add(axis.start, position(axis, p)));
        end = ceil_of(add(axis.start, position(axis, p + 1)));
    } else {
        const double start = axis.start < 0.0 ? ceil_of(axis.start) : floor_of(axis.start);
        first = start + floor_of(position(axis, p));
        end = start + ceil_of(position(axis, p + 1));
    }
    const int begin = clipped(first, axis.size), stop = clipped(end, axis.size);
    return Span{begin, stop > begin ? stop : begin};
}
