// Where the points of a box's sides lie: BA-1 to BA-3 of conformance/operators/border_align/RULES.md, in pixels of the map. A side is a
// bin, of one row of samples: bin (0, q) is that of the top, the left, the bottom, the right.
#pragma once

#include "library/axis.cuh"
#include "library/choices.cuh"
#include "library/points/area.cuh"

enum class Offset { none, half };

#define OFFSET ROIKIT_CHOICE(Offset, OFFSET)

// boxes_of_image: how many boxes lie on each image, one after the other; 1 if boxes are on any.
#define ROIKIT_GEOMETRY_FIELDS int pool_size, boxes_of_image;

// batch_index, x1, y1, x2, y2
constexpr int ROW_NUMBERS = 5;

template <class Params> ROIKIT_FN int64 boxes_together(const Params& params) { return params.boxes_of_image; }

struct Points {
    acc_t x1, y1, x2, y2;  // BA-2
    acc_t width, height;   // with their sign
    int parts;             // of a side, with a point at each end
};

template <class Params> ROIKIT_FN Placed place_points(const acc_t* box, const Params& params, Points& points) {
    const acc_t shift = OFFSET == Offset::half ? (acc_t)-0.5f : (acc_t)0;
    points.x1 = add(box[1], shift), points.y1 = add(box[2], shift);
    points.x2 = add(box[3], shift), points.y2 = add(box[4], shift);
    points.width = add(points.x2, -points.x1), points.height = add(points.y2, -points.y1);
    points.parts = params.pool_size;
    const bool finite = is_finite(points.x1) && is_finite(points.y1) && is_finite(points.width) && is_finite(points.height);
    return finite ? Placed::ok : Placed::not_finite;
}

// Whether a side begins at the second corner, and runs back; and whether it runs along x.
ROIKIT_FN bool runs_back(int side) { return side >= 2; }
ROIKIT_FN bool runs_along_x(int side) { return side % 2 == 0; }

// BA-3: where a point lies on its side, in parts of it.
ROIKIT_FN acc_t share_of(const Points& points, int j) { return (acc_t)j / (acc_t)points.parts; }

ROIKIT_FN Point point_at(const Points& points, int, int side, int, int j) {
    const bool back = runs_back(side);
    const Point begin = {back ? points.y2 : points.y1, back ? points.x2 : points.x1};
    const acc_t way = mul(share_of(points, j), runs_along_x(side) ? points.width : points.height);
    const acc_t signed_way = back ? -way : way;
    return runs_along_x(side) ? Point{begin.y, add(begin.x, signed_way)} : Point{add(begin.y, signed_way), begin.x};
}

// All of them: one outside counts, too.
ROIKIT_FN Samples samples_near(const Points& points, int, int, const Area&) { return Samples{0, 1, 0, points.parts + 1}; }

ROIKIT_FN void include(Area& area, const Point& at) {
    if (at.y < area.y_begin) area.y_begin = at.y;
    if (at.y > area.y_end) area.y_end = at.y;
    if (at.x < area.x_begin) area.x_begin = at.x;
    if (at.x > area.x_end) area.x_end = at.x;
}

// Rounding is monotone, and so are positions in j: none is beyond those of both ends.
ROIKIT_FN Area reach_of_bin(const Points& points, int, int side) {
    Area area = {infinity(), -infinity(), infinity(), -infinity()};
    include(area, point_at(points, 0, side, 0, 0));
    include(area, point_at(points, 0, side, 0, points.parts));
    return area;
}

ROIKIT_FN Area reach_of(const Points& points, int, int) {
    Area area = {infinity(), -infinity(), infinity(), -infinity()};
    ROIKIT_ROLLED for (int side = 0; side < 4; ++side) {
        include(area, point_at(points, 0, side, 0, 0));
        include(area, point_at(points, 0, side, 0, points.parts));
    }
    return area;
}
