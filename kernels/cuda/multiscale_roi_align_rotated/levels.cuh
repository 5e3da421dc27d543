// Rotated RoIs on the maps of a feature pyramid, each on that of its level: MR-1 to MR-6 of
// conformance/operators/multiscale_roi_align_rotated/RULES.md. There the samples lie where library/points/turned.cuh says.
#pragma once

#include "library/points/turned.cuh"

#define ROIKIT_GEOMETRY_FIELDS int sampling_y, sampling_x;

#include "library/roi_fields.cuh"

typedef TurnedPoints Points;

struct Roi {
    int image, level;
    int refusal;
    Points points;
};

// MR-2 to MR-5: the level is the number of limits that the RoI's size reaches, but for the first. A negative area has no size, and does
// not reach that either, unless it is negative itself: -1, no level at all.
template <class Params> ROIKIT_FN int level_of(const acc_t* box, const Params& params) {
    if (LEVELS == 1) return 0;
    const acc_t size = sqrt_of(mul(box[3], box[4])) / (acc_t)params.canonical_size;
    if (!(size >= (acc_t)0) && params.level_limits[0] >= 0) return -1;
    int level = 0;
    ROIKIT_ROLLED for (int l = 1; l < LEVELS; ++l) level += size >= (acc_t)params.level_limits[l] ? 1 : 0;
    return level;
}

// The files of library/points/ know one map, the first. Of these parameters it is that of a level.
template <class Params> ROIKIT_FN Params with_first(int level, const Params& params) {
    Params own = params;
    own.maps[0] = params.maps[level];
    own.scales_y[0] = params.scales_y[level];
    own.heights[0] = params.heights[level];
    own.widths[0] = params.widths[level];
    return own;
}

template <class Params> ROIKIT_FN Roi read_roi(const acc_t* box, const Params& params) {
    Roi roi;
    const acc_t batch = box[0];
    // RA-12, as in library/roi.cuh
    const bool in_range = batch > (acc_t)-1 && batch < (acc_t)2147483648.0f && (int64)batch < params.images;
    const bool known = in_range && (params.truncates || batch == (acc_t)(int)batch);
    roi.image = known ? (int)batch : 0;
    const int found = level_of(box, params);
    roi.level = found < 0 ? 0 : found;
    const Placed placed = place_turned(box, with_first(roi.level, params), roi.points);
    if (found < 0) roi.points.v.taken = roi.points.u.taken = 0;  // of no level nothing is read
    roi.refusal = placed == Placed::not_finite ? NOT_FINITE : placed == Placed::too_far ? TOO_FAR : 0;
    if (!known) roi.refusal = BAD_BATCH_INDEX;
    return roi;
}

#include "library/rows.cuh"
