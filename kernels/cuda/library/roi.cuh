// A row of `boxes` as a RoI on the map that it is pooled from, and how a block divides its memory.
//
// A geometry (sampling.cuh is one) comes before: `Axis`, a RoI along an axis; `place_axis`, which makes one of two coordinates of a
// box and says by a `Placed` (axis.cuh) whether it can be pooled; and ROIKIT_GEOMETRY_FIELDS, what a struct of parameters has for it.
//
// The specialisation defines ROIKIT_LEVELS, the number of maps of a feature pyramid that a RoI is pooled from: 1 for a single map.
#pragma once

#include "library/roi_fields.cuh"

struct Roi {
    int image, level;
    int refusal;
    Axis y, x;
};

#include "library/level.cuh"

template <class Params> ROIKIT_FN Roi read_roi(const acc_t* box, const Params& params) {
    Roi roi;
    const acc_t batch = box[0];
    // RA-12: truncated, or refused if there is anything to truncate. False for NaN; N is less than 2^31, and may not be a float.
    const bool in_range = batch > (acc_t)-1 && batch < (acc_t)2147483648.0f && (int64)batch < params.images;
    const bool known = in_range && (params.truncates || batch == (acc_t)(int)batch);
    roi.image = known ? (int)batch : 0;
    const int found = level_of(box, params), level = roi.level = found < 0 ? 0 : found;
    const Placed y = place_axis(box[2], box[4], (acc_t)params.scales_y[level], params.bins_y, params.heights[level], params, true,
                                roi.y);
    const Placed x = place_axis(box[1], box[3], (acc_t)params.scales_x[level], params.bins_x, params.widths[level], params, false,
                                roi.x);
#if ROIKIT_LEVELS > 1
    if (found < 0) {  // of no level nothing is read: its averages are 0 over 1
        roi.y.taken = roi.x.taken = 0;
        roi.y.grid = roi.x.grid = (acc_t)1;
    }
#endif
    roi.refusal = 0;
    if (y == Placed::too_far || x == Placed::too_far) roi.refusal = TOO_FAR;
    if (y == Placed::not_finite || x == Placed::not_finite) roi.refusal = NOT_FINITE;
    if (!known) roi.refusal = BAD_BATCH_INDEX;
    return roi;
}

#include "library/rows.cuh"
