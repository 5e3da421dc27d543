// Where the samples of a rotated RoI lie: RR-1 to RR-8 of conformance/operators/roi_align_rotated/RULES.md, in feature pixels.
//
// An operator that includes this says what of it are its `Points`, and has place_points (roi.cuh) place them; and of
// ROIKIT_GEOMETRY_FIELDS these are some: int sampling_y, sampling_x;
#pragma once

#include "library/axis.cuh"
#include "library/choices.cuh"
#include "library/turn.cuh"
#include "library/points/area.cuh"

enum class Unit { radians, degrees };
enum class Turn { counter_clockwise, clockwise };
enum class QuarterTurns { exact, computed };
enum class Offset { none, half };
enum class MinSize { none, one };

#define UNIT ROIKIT_CHOICE(Unit, UNIT)
#define TURN ROIKIT_CHOICE(Turn, TURN)
#define QUARTER_TURNS ROIKIT_CHOICE(QuarterTurns, QUARTER_TURNS)
#define OFFSET ROIKIT_CHOICE(Offset, OFFSET)
#define MIN_SIZE ROIKIT_CHOICE(MinSize, MIN_SIZE)

// batch_index, cx, cy, w, h, angle
constexpr int ROW_NUMBERS = 6;

// The farthest from the origin that an adaptively sampled RoI may reach, as in sampling.cuh.
constexpr float ADAPTIVE_REACH = 1048576.0f;

// An axis of the RoI, with positions from its centre.
struct Side {
    acc_t half;  // of the extent
    acc_t bin;   // RR-7: signed bin size
    acc_t grid;  // RR-6: samples per bin as the divisor counts them; may be zero or negative
    int taken;   // samples per bin that are taken
    bool held;   // RR-5 enlarged the extent
};

struct TurnedPoints {
    acc_t y, x;      // RR-2: the centre
    Turned turned;   // RR-3
    Side v, u;       // along the height and along the width
    acc_t slack;     // how far rounding may move a sample, and two pixels and more
};

ROIKIT_FN Side side_of(acc_t size, int bins, int sampling_ratio) {
    Side side;
    side.held = MIN_SIZE == MinSize::one && size < (acc_t)1 && is_finite(size);  // -infinity stays, and is refused
    if (side.held) size = (acc_t)1;
    side.half = mul(size, (acc_t)0.5f);
    side.bin = size / (acc_t)bins;
    side.grid = sampling_ratio > 0 ? (acc_t)sampling_ratio : ceil_of(side.bin);
    // Of sizes so large that they are refused no number is made that an integer does not hold.
    side.taken = side.grid > (acc_t)0 && side.grid <= (acc_t)(2 * ADAPTIVE_REACH) ? (int)side.grid : 0;
    return side;
}

ROIKIT_FN Turned turned_as_asked(acc_t angle) {
    const Turned turned = UNIT == Unit::degrees ? turned_by_degrees(angle)
                                                : turned_by_radians(angle, QUARTER_TURNS == QuarterTurns::exact);
    return TURN == Turn::clockwise ? Turned{turned.cos, -turned.sin} : turned;
}

template <class Params> ROIKIT_FN Placed place_turned(const acc_t* box, const Params& params, TurnedPoints& points) {
    const acc_t scale = (acc_t)params.scales_y[0], shift = OFFSET == Offset::half ? (acc_t)-0.5f : (acc_t)0;
    points.x = add(mul(box[1], scale), shift);
    points.y = add(mul(box[2], scale), shift);
    points.u = side_of(mul(box[3], scale), params.bins_x, params.sampling_x);
    points.v = side_of(mul(box[4], scale), params.bins_y, params.sampling_y);
    const acc_t away = add(magnitude(points.u.half), magnitude(points.v.half));
    const acc_t reach = add(add(magnitude(points.y), magnitude(points.x)), mul((acc_t)2, away));
    // RR-7 multiplies before it divides.
    const acc_t product = add(mul((acc_t)points.u.taken, points.u.bin), mul((acc_t)points.v.taken, points.v.bin));
    if (!is_finite(reach) || !is_finite(product) || !is_finite(box[5])) return Placed::not_finite;
    const acc_t y = magnitude(points.y), x = magnitude(points.x), farthest = add(y > x ? y : x, away);
    if ((params.sampling_y <= 0 || params.sampling_x <= 0) && farthest > (acc_t)ADAPTIVE_REACH) return Placed::too_far;
    points.turned = turned_as_asked(box[5]);
    points.slack = add(mul(reach, (acc_t)1.9073486328125e-6f), (acc_t)3);  // 2^-19
    return Placed::ok;
}

// RR-7
ROIKIT_FN acc_t way(const Side& side, int p, int i) {
    const acc_t start = add(-side.half, mul((acc_t)p, side.bin));
    return add(start, mul(add((acc_t)i, (acc_t)0.5f), side.bin) / side.grid);
}

// RR-8
ROIKIT_FN Point turned_from_centre(const TurnedPoints& points, acc_t v, acc_t u) {
    const acc_t cos = points.turned.cos, sin = points.turned.sin;
    return Point{add(points.y, add(mul(v, cos), -mul(u, sin))), add(points.x, add(mul(v, sin), mul(u, cos)))};
}

ROIKIT_FN Point point_at(const TurnedPoints& points, int p, int q, int i, int j) {
    return turned_from_centre(points, way(points.v, p, i), way(points.u, q, j));
}

// RR-10
ROIKIT_FN acc_t samples_of(const TurnedPoints& points) {
    const acc_t samples = mul(points.v.grid, points.u.grid);
    return samples > (acc_t)1 ? samples : (acc_t)1;
}

ROIKIT_FN void include(Area& area, const Point& at) {
    if (at.y < area.y_begin) area.y_begin = at.y;
    if (at.y > area.y_end) area.y_end = at.y;
    if (at.x < area.x_begin) area.x_begin = at.x;
    if (at.x > area.x_end) area.x_end = at.x;
}

// Rounding is monotone, and so are positions in p, q, i and j: none is beyond those of the four samples in the corners.
ROIKIT_FN Area reach_of(const TurnedPoints& points, int bins_y, int bins_x) {
    Area area = {infinity(), -infinity(), infinity(), -infinity()};
    if (!points.v.taken || !points.u.taken) return area;
    ROIKIT_ROLLED for (int corner = 0; corner < 4; ++corner) {
        const bool last_y = corner / 2, last_x = corner % 2;
        include(area, point_at(points, last_y ? bins_y - 1 : 0, last_x ? bins_x - 1 : 0, last_y ? points.v.taken - 1 : 0,
                               last_x ? points.u.taken - 1 : 0));
    }
    return area;
}

constexpr int FEW = 8;  // samples along an axis that are looked at one by one

// The samples of bin p along an axis of the RoI between two positions.
ROIKIT_FN Span samples_between(const Side& side, int p, acc_t begin, acc_t end) {
    if (side.taken <= FEW || !(side.bin > (acc_t)0)) return Span{0, side.taken};
    int limits[2];
    for (int n = 0; n < 2; ++n) {
        int low = 0, high = side.taken;
        while (low < high) {
            const int middle = (low + high) / 2;
            const acc_t at = way(side, p, middle);
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

// Of many samples those between the sides of the area as the RoI sees them: so a RoI far beyond the map takes no longer than others.
ROIKIT_FN Samples samples_near(const TurnedPoints& points, int p, int q, const Area& area) {
    if (!points.v.taken || !points.u.taken) return Samples{0, 0, 0, 0};
    if (points.v.taken <= FEW && points.u.taken <= FEW) return Samples{0, points.v.taken, 0, points.u.taken};
    const acc_t cos = points.turned.cos, sin = points.turned.sin;
    Area seen = {infinity(), -infinity(), infinity(), -infinity()};  // in v and u
    ROIKIT_ROLLED for (int corner = 0; corner < 4; ++corner) {
        const acc_t y = add(corner / 2 ? area.y_end : area.y_begin, -points.y);
        const acc_t x = add(corner % 2 ? area.x_end : area.x_begin, -points.x);
        include(seen, Point{add(mul(y, cos), mul(x, sin)), add(mul(x, cos), -mul(y, sin))});
    }
    const Span i = samples_between(points.v, p, add(seen.y_begin, -points.slack), add(seen.y_end, points.slack));
    const Span j = samples_between(points.u, q, add(seen.x_begin, -points.slack), add(seen.x_end, points.slack));
    return Samples{i.begin, i.end, j.begin, j.end};
}
