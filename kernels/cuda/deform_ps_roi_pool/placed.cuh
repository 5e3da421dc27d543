// Where the samples of a deformable RoI of whole pixels lie, and what channels its bins read: DQ-1 to DQ-6 of
// conformance/operators/deform_ps_roi_pool/RULES.md, in feature pixels.
//
// The specialisation defines ROIKIT_PART as a choice of the enum below.
#pragma once

#include "library/axis.cuh"
#include "library/choices.cuh"
#include "library/points/place.cuh"

enum class Parting { exact, rounded };

#define PART ROIKIT_CHOICE(Parting, PART)

// `row_numbers` are those of a row of `boxes`: 5, or after these as many offsets as there are classes, axes and parts (rows.cu).
#define ROIKIT_GEOMETRY_FIELDS \
    int sampling_y, sampling_x; \
    int groups_y, groups_x; \
    int parts_y, parts_x; \
    int classes; \
    int row_numbers; \
    double gamma;

// batch_index, x1, y1, x2, y2
constexpr int BOX_NUMBERS = 5;

#define ROW_NUMBERS (params.row_numbers)

// An axis of the RoI.
struct Side {
    acc_t start;  // DQ-2
    acc_t size;   // DQ-3
    acc_t bin;    // of a bin
    acc_t step;   // DQ-4: from a sample to the next
    acc_t reach;  // DQ-5: by how much an offset of 1 moves a bin
    int taken;    // samples per bin
    int bins, parts;
};

// Of one class of channels at a time.
struct Points {
    Side y, x;
    const acc_t* offsets;  // DQ-5: along x of all parts, and then along y; null if nothing is moved
    int classes;
};

ROIKIT_FN acc_t length_of(acc_t x) { return x < (acc_t)0 ? -x : x; }

// DQ-2: a corner, in feature pixels, that is a whole image pixel
ROIKIT_FN acc_t corner_of(acc_t pixel, acc_t scale) { return add(mul(pixel, scale), (acc_t)-0.5f); }

// Whether the corners are numbers, whose RoI becomes `side`.
ROIKIT_FN bool place_side(acc_t first, acc_t second, acc_t scale, int bins, int parts, int samples, acc_t gamma, Side& side) {
    side.start = corner_of(round_of(first), scale);
    const acc_t size = add(corner_of(add(round_of(second), (acc_t)1), scale), -side.start), least = (acc_t)1 / (acc_t)10;
    side.size = size > least ? size : least;
    side.bin = side.size / (acc_t)bins;
    side.step = side.bin / (acc_t)samples;
    side.reach = mul(gamma, side.size);
    side.taken = samples;
    side.bins = bins;
    side.parts = parts;
    return is_finite(size) && is_finite(add(length_of(side.start), side.size));
}

template <class Params> ROIKIT_FN Placed place_points(const acc_t* box, const Params& params, Points& points) {
    const acc_t gamma = (acc_t)params.gamma;
    const bool x = place_side(box[1], box[3], (acc_t)params.scales_x[0], params.bins_x, params.parts_x, params.sampling_x, gamma, points.x);
    const bool y = place_side(box[2], box[4], (acc_t)params.scales_y[0], params.bins_y, params.parts_y, params.sampling_y, gamma, points.y);
    points.offsets = params.row_numbers > BOX_NUMBERS ? box + BOX_NUMBERS : nullptr;
    points.classes = params.classes;
    return x && y ? Placed::ok : Placed::not_finite;
}

// DQ-5: how many numbers are the offsets of a class along an axis.
ROIKIT_FN int64 parts_of(const Points& points) { return (int64)points.y.parts * points.x.parts; }

ROIKIT_FN Points of_class(const Points& points, int64 number) {
    Points mine = points;
    if (points.offsets) mine.offsets = points.offsets + 2 * number * parts_of(points);
    return mine;
}

// DQ-5: the part that a bin is of, along an axis.
ROIKIT_FN int part_with(const Side& side, int p) {
    if (PART == Parting::exact) return (int)((int64)p * side.parts / side.bins);
    const int part = (int)floor_of(mul((acc_t)p / (acc_t)side.bins, (acc_t)side.parts));
    return part < side.parts ? part : side.parts - 1;
}

// Where the samples of a bin begin.
ROIKIT_FN Point start_of(const Points& points, int p, int q) {
    Point start = {points.y.start, points.x.start};
    if (points.offsets) {
        const acc_t* const mine = points.offsets + (int64)part_with(points.y, p) * points.x.parts + part_with(points.x, q);
        start.y = add(start.y, mul(points.y.reach, mine[parts_of(points)]));
        start.x = add(start.x, mul(points.x.reach, mine[0]));
    }
    return Point{add(start.y, mul((acc_t)p, points.y.bin)), add(start.x, mul((acc_t)q, points.x.bin))};
}

ROIKIT_FN Point point_from(const Points& points, const Point& start, int i, int j) {
    return Point{add(start.y, mul((acc_t)i, points.y.step)), add(start.x, mul((acc_t)j, points.x.step))};
}

ROIKIT_FN Point point_at(const Points& points, int p, int q, int i, int j) {
    return point_from(points, start_of(points, p, q), i, j);
}

// DQ-6: what lies beyond is outside.
ROIKIT_FN Area area_of_map(int height, int width) {
    return Area{(acc_t)-0.5f, add((acc_t)height, (acc_t)-0.5f), (acc_t)-0.5f, add((acc_t)width, (acc_t)-0.5f)};
}

// DQ-6. False for NaN.
ROIKIT_FN bool is_inside(const Point& at, int height, int width) {
    const Area map = area_of_map(height, width);
    return at.y >= map.y_begin && at.y <= map.y_end && at.x >= map.x_begin && at.x <= map.x_end;
}

// The pixels that samples between two positions may read along an axis of `size` pixels; none if both are outside on one side.
ROIKIT_FN Span pixels_between(acc_t begin, acc_t end, int size) {
    if (!(end >= (acc_t)-0.5f && begin <= add((acc_t)size, (acc_t)-0.5f))) return Span{0, 0};
    const int first = begin > (acc_t)0 ? (int)begin : 0;
    const int last = end < (acc_t)(size - 1) ? end > (acc_t)0 ? (int)end + 1 : (size > 1 ? 1 : 0) : size - 1;
    return Span{first < size ? first : size - 1, last + 1};
}

ROIKIT_FN void include(Area& area, const Point& at) {
    if (at.y < area.y_begin) area.y_begin = at.y;
    if (at.y > area.y_end) area.y_end = at.y;
    if (at.x < area.x_begin) area.x_begin = at.x;
    if (at.x > area.x_end) area.x_end = at.x;
}

// Of all classes. Rounding is monotone, and so are the samples of a bin: none is beyond the first and the last of its bin.
ROIKIT_FN Area reach_of(const Points& points, int bins_y, int bins_x) {
    Area area = {infinity(), -infinity(), infinity(), -infinity()};
    ROIKIT_ROLLED for (int n = 0; n < points.classes; ++n) {
        const Points mine = of_class(points, n);
        ROIKIT_ROLLED for (int p = 0; p < bins_y; ++p) {
            ROIKIT_ROLLED for (int q = 0; q < bins_x; ++q) {
                include(area, point_at(mine, p, q, 0, 0));
                include(area, point_at(mine, p, q, points.y.taken - 1, points.x.taken - 1));
            }
        }
    }
    return area;
}

constexpr int FEW = 8;  // samples along an axis that are looked at one by one

// The samples along an axis between two positions, of a bin that starts somewhere.
ROIKIT_FN Span samples_between(const Side& side, acc_t start, acc_t begin, acc_t end) {
    if (side.taken <= FEW) return Span{0, side.taken};
    int limits[2];
    for (int n = 0; n < 2; ++n) {
        int low = 0, high = side.taken;
        while (low < high) {
            const int middle = (low + high) / 2;
            const acc_t at = add(start, mul((acc_t)middle, side.step));
            if (n ? at > end : at >= begin) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        limits[n] = low;
    }
    return Span{limits[0], limits[1]};
}

// Of many samples those in the area: so a bin far beyond the map takes no longer than others.
ROIKIT_FN Samples samples_near(const Points& points, int p, int q, const Area& area) {
    const Point start = start_of(points, p, q);
    const Span i = samples_between(points.y, start.y, area.y_begin, area.y_end);
    const Span j = samples_between(points.x, start.x, area.x_begin, area.x_end);
    return Samples{i.begin, i.end, j.begin, j.end};
}

// DQ-6: how many samples along an axis are inside, of a bin that starts somewhere.
ROIKIT_FN int count_inside(const Side& side, acc_t start, acc_t begin, acc_t end) {
    const Span near = samples_between(side, start, begin, end);
    int count = 0;
    ROIKIT_ROLLED for (int i = near.begin; i < near.end; ++i) {
        const acc_t at = add(start, mul((acc_t)i, side.step));
        count += at >= begin && at <= end ? 1 : 0;
    }
    return count;
}

// DQ-7: what the sum of a bin is divided by, 1 if there is nothing to be divided.
ROIKIT_FN acc_t samples_inside(const Points& points, int p, int q, int height, int width) {
    const Point start = start_of(points, p, q);
    const Area map = area_of_map(height, width);
    const int rows = count_inside(points.y, start.y, map.y_begin, map.y_end), columns = count_inside(points.x, start.x, map.x_begin, map.x_end);
    return rows && columns ? mul((acc_t)rows, (acc_t)columns) : (acc_t)1;
}

// DQ-1: the group of channels that a bin reads.
template <class Params> ROIKIT_FN int64 group_of(int p, int q, const Params& params) {
    return (int64)p * params.groups_y / params.bins_y * params.groups_x + (int64)q * params.groups_x / params.bins_x;
}

template <class Params> ROIKIT_FN int64 groups_of(const Params& params) { return (int64)params.groups_y * params.groups_x; }

// DQ-5: the class of a channel of the output, which has so many.
template <class Params> ROIKIT_FN int64 class_of(int64 channel, int64 channels, const Params& params) {
    return params.classes == 1 ? 0 : channel * params.classes / channels;
}
