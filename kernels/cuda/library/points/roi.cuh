// A row of `boxes` as a RoI whose samples are points, each with a place of its own on the map, and not a product of places along its axes.
//
// An operator's geometry comes before:
//   ROW_NUMBERS                                  numbers of a row of boxes
//   ROIKIT_GEOMETRY_FIELDS                       what a struct of parameters has for it
//   Points                                       where the samples of a RoI lie
//   place_points(box, params, points)            makes them, and says by a `Placed` (axis.cuh) whether the RoI can be pooled
//   point_at(points, p, q, i, j)                 where sample (i, j) of bin (p, q) lies
//   samples_near(points, p, q, area)             those samples of a bin that may lie in an area of the map; others may be among them
//   reach_of(points, bins_y, bins_x)             the area that all samples lie in
//   samples_of(points)                           what the sum of a bin is divided by, if it is averaged
//
// One level alone: ROIKIT_LEVELS is 1.
#pragma once

#include "library/roi_fields.cuh"

struct Roi {
    int image, level;
    int refusal;
    Points points;
};

template <class Params> ROIKIT_FN Roi read_roi(const acc_t* box, const Params& params) {
    Roi roi;
    const acc_t batch = box[0];
    // RA-12, as in roi.cuh
    const bool in_range = batch > (acc_t)-1 && batch < (acc_t)2147483648.0f && (int64)batch < params.images;
    const bool known = in_range && (params.truncates || batch == (acc_t)(int)batch);
    roi.image = known ? (int)batch : 0;
    roi.level = 0;
    const Placed placed = place_points(box, params, roi.points);
    roi.refusal = placed == Placed::not_finite ? NOT_FINITE : placed == Placed::too_far ? TOO_FAR : 0;
    if (!known) roi.refusal = BAD_BATCH_INDEX;
    return roi;
}

#include "library/rows.cuh"
