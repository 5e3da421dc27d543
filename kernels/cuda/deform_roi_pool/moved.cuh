// Where the samples of a deformable RoI lie: DP-1 to DP-5 of conformance/operators/deform_roi_pool/RULES.md, in feature pixels.
#pragma once

#include "library/axis.cuh"
#include "library/points/area.cuh"

// `row_numbers` are those of a row of `boxes`: 5, or after these as many offsets as there are bins along x, and as many along y (rows.cu).
#define ROIKIT_GEOMETRY_FIELDS \
    int sampling_y, sampling_x; \
    int row_numbers; \
    double gamma;

// batch_index, x1, y1, x2, y2
constexpr int BOX_NUMBERS = 5;

#define ROW_NUMBERS (params.row_numbers)

// The farthest from the origin that an adaptively sampled RoI may reach, as in sampling.cuh.
constexpr float ADAPTIVE_REACH = 1048576.0f;

// An axis of the RoI.
struct Side {
    acc_t start;  // DP-2
    acc_t size;   // DP-2: signed
    acc_t bin;    // signed bin size
    acc_t grid;   // DP-3: samples per bin as the divisor counts them; may be zero or negative
    int taken;    // samples per bin that are taken
    int bins;
    acc_t reach;  // DP-4: by how much an offset of 1 moves a bin
    const acc_t* offsets;  // DP-4: of all bins; null if none is moved
};

struct Points {
    Side y, x;
};

ROIKIT_FN acc_t length_of(acc_t x) { return x < (acc_t)0 ? -x : x; }

ROIKIT_FN Side side_of(acc_t first, acc_t second, acc_t scale, int bins, int sampling_ratio, acc_t gamma) {
    Side side;
    side.start = add(mul(first, scale), (acc_t)-0.5f);
    side.size = add(add(mul(second, scale), (acc_t)-0.5f), -side.start);
    side.bins = bins;
    side.bin = side.size / (acc_t)bins;
    side.grid = sampling_ratio > 0 ? (acc_t)sampling_ratio : ceil_of(side.bin);
    // Of sizes so large that they are refused no number is made that an integer does not hold.
    side.taken = side.grid > (acc_t)0 && side.grid <= (acc_t)(2 * ADAPTIVE_REACH) ? (int)side.grid : 0;
    side.reach = mul(gamma, side.size);
    return side;
}

template <class Params> ROIKIT_FN Placed place_points(const acc_t* box, const Params& params, Points& points) {
    const acc_t gamma = (acc_t)params.gamma;
    points.x = side_of(box[1], box[3], (acc_t)params.scales_x[0], params.bins_x, params.sampling_x, gamma);
    points.y = side_of(box[2], box[4], (acc_t)params.scales_y[0], params.bins_y, params.sampling_y, gamma);
    const bool moves = params.row_numbers > BOX_NUMBERS;
    points.x.offsets = moves ? box + BOX_NUMBERS : nullptr;
    points.y.offsets = moves ? box + BOX_NUMBERS + (int64)params.bins_y * params.bins_x : nullptr;
    const acc_t y = add(length_of(points.y.start), length_of(points.y.size));
    const acc_t x = add(length_of(points.x.start), length_of(points.x.size));
    // DP-3 multiplies before it divides.
    const acc_t product = add(mul((acc_t)points.y.taken, points.y.bin), mul((acc_t)points.x.taken, points.x.bin));
    if (!is_finite(add(y, x)) || !is_finite(product)) return Placed::not_finite;
    const acc_t farthest = y > x ? y : x;
    if ((params.sampling_y <= 0 || params.sampling_x <= 0) && farthest > (acc_t)ADAPTIVE_REACH) return Placed::too_far;
    return Placed::ok;
}

// DP-4: where the samples of bin p along the axis, and of all bins the one with this number, begin.
ROIKIT_FN acc_t start_of(const Side& side, int p, int64 bin) {
    const acc_t start = side.offsets ? add(side.start, mul(side.reach, side.offsets[bin])) : side.start;
    return add(start, mul((acc_t)p, side.bin));
}

// DP-3: from there to sample i.
ROIKIT_FN acc_t way(const Side& side, int i) { return mul(add((acc_t)i, (acc_t)0.5f), side.bin) / side.grid; }

ROIKIT_FN int64 bin_of(const Points& points, int p, int q) { return (int64)p * points.x.bins + q; }

ROIKIT_FN Point point_at(const Points& points, int p, int q, int i, int j) {
    const int64 bin = bin_of(points, p, q);
    return Point{add(start_of(points.y, p, bin), way(points.y, i)), add(start_of(points.x, q, bin), way(points.x, j))};
}

// DP-6
ROIKIT_FN acc_t samples_of(const Points& points) {
    const acc_t samples = mul(points.y.grid, points.x.grid);
    return samples > (acc_t)1 ? samples : (acc_t)1;
}

ROIKIT_FN void include(Area& area, const Point& at) {
    if (at.y < area.y_begin) area.y_begin = at.y;
    if (at.y > area.y_end) area.y_end = at.y;
    if (at.x < area.x_begin) area.x_begin = at.x;
    if (at.x > area.x_end) area.x_end = at.x;
}

// Rounding is monotone, and so are the samples of a bin: none is beyond the first and the last of its bin.
ROIKIT_FN Area reach_of(const Points& points, int bins_y, int bins_x) {
    Area area = {infinity(), -infinity(), infinity(), -infinity()};
    if (!points.y.taken || !points.x.taken) return area;
    ROIKIT_ROLLED for (int p = 0; p < bins_y; ++p) {
        ROIKIT_ROLLED for (int q = 0; q < bins_x; ++q) {
            include(area, point_at(points, p, q, 0, 0));
            include(area, point_at(points, p, q, points.y.taken - 1, points.x.taken - 1));
        }
    }
    return area;
}

constexpr int FEW = 8;  // samples along an axis that are looked at one by one

// The samples along an axis between two positions, of a bin that starts somewhere.
ROIKIT_FN Span samples_between(const Side& side, acc_t start, acc_t begin, acc_t end) {
    if (side.taken <= FEW || !(side.bin > (acc_t)0)) return Span{0, side.taken};
    int limits[2];
    for (int n = 0; n < 2; ++n) {
        int low = 0, high = side.taken;
        while (low < high) {
            const int middle = (low + high) / 2;
            const acc_t at = add(start, way(side, middle));
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
    if (!points.y.taken || !points.x.taken) return Samples{0, 0, 0, 0};
    const int64 bin = bin_of(points, p, q);
    const Span i = samples_between(points.y, start_of(points.y, p, bin), area.y_begin, area.y_end);
    const Span j = samples_between(points.x, start_of(points.x, q, bin), area.x_begin, area.x_end);
    return Samples{i.begin, i.end, j.begin, j.end};
}
