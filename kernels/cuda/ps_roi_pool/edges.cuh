// Where a RoI lies and which pixels its bins have: PP-2 to PP-6 of conformance/operators/ps_roi_pool/RULES.md. Everything is per axis, in
// feature pixels and in double precision.
//
// The specialisation defines ROIKIT_CORNERS, ROIKIT_MIN_SIZE, ROIKIT_EDGES and ROIKIT_CLIP, each as a choice of the enum below.
#pragma once

#include "library/axis.cuh"
#include "library/choices.cuh"

enum class Corners { after_scale, before_scale, one_added_first };
enum class MinSize { one, tenth };
enum class Edges { exact, float16, bfloat16, float32, float64, accumulated };
enum class Clip { map, before_last };

#define CORNERS ROIKIT_CHOICE(Corners, CORNERS)
#define MIN_SIZE ROIKIT_CHOICE(MinSize, MIN_SIZE)
#define EDGES ROIKIT_CHOICE(Edges, EDGES)
#define CLIP ROIKIT_CHOICE(Clip, CLIP)

// What a struct of parameters has for this geometry: nothing.
#define ROIKIT_GEOMETRY_FIELDS

#include "library/whole_pixels.cuh"

ROIKIT_FN double within_reach(acc_t x) {
    return x < (acc_t)-REACH ? (double)-REACH : x > (acc_t)REACH ? (double)REACH : (double)x;
}

// PP-2: what the first corner becomes, and the second.
ROIKIT_FN acc_t start_of(acc_t low, acc_t scale) {
    return CORNERS == Corners::after_scale ? round_of(mul(low, scale)) : mul(round_of(low), scale);
}

ROIKIT_FN acc_t end_of(acc_t high, acc_t scale) {
    switch (CORNERS) {
        case Corners::after_scale: return round_of(mul(high, scale));
        case Corners::before_scale: return mul(add(round_of(high), (acc_t)1), scale);
        case Corners::one_added_first: return mul(round_of(add(high, (acc_t)1)), scale);
    }
    return high;
}

// PP-2 and PP-3. The pixels that bins may have end with `size` (PP-6).
template <class Params> ROIKIT_FN Placed place_axis(acc_t low, acc_t high, acc_t scale, int bins, int size, const Params&, bool,
                                                    Axis& axis) {
    const acc_t first = start_of(low, scale), last = end_of(high, scale);
    if (!is_finite(first) || !is_finite(add(last, -first))) return Placed::not_finite;
    const double least = MIN_SIZE == MinSize::one ? 1.0 : 0.1;
    axis.start = within_reach(first);
    axis.extent = within_reach(last) - axis.start;
    if (axis.extent < least) axis.extent = least;
    axis.bins = bins;
    axis.size = CLIP == Clip::before_last && size > 0 ? size - 1 : size;
    return Placed::ok;
}

#include "library/edges.cuh"

// PP-5 and PP-6: the pixels of bin p.
ROIKIT_FN Span bin_at(const Axis& axis, int p) {
    double first, end;
    if (CORNERS == Corners::after_scale && EDGES == Edges::exact && axis.extent >= 1.0) {
        // In whole numbers. With w = a P + b, p w / P is p a + p b / P, of which no part is too large.
        const int64 pixels = (int64)axis.extent, a = pixels / axis.bins, b = pixels % axis.bins;
        first = axis.start + (double)(p * a + p * b / axis.bins);
        end = axis.start + (double)((p + 1LL) * a + ((p + 1LL) * b + axis.bins - 1) / axis.bins);
    } else {
        first = floor_of(add(axis.start, position(axis, p)));
        end = ceil_of(add(axis.start, position(axis, p + 1)));
    }
    const int begin = clipped(first, axis.size), stop = clipped(end, axis.size);
    return Span{begin, stop > begin ? stop : begin};
}
