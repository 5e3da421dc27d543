// Which level of a feature pyramid a box is on.
#pragma once

#include "library/roi_fields.cuh"

// RA-17: the level is the number of limits that the RoI's size reaches, but for the first. A negative area has no size, and does not
// reach that either, unless it is negative itself: -1, no level at all.
template <class Params> ROIKIT_FN int level_of(const acc_t* box, const Params& params) {
    if (LEVELS == 1) return 0;
    const acc_t width = add(add(box[3], -box[1]), (acc_t)params.size_offset);
    const acc_t height = add(add(box[4], -box[2]), (acc_t)params.size_offset);
    const acc_t size = sqrt_of(mul(width, height)) / (acc_t)params.canonical_size;
    if (!(size >= (acc_t)0) && params.level_limits[0] >= 0) return -1;
    int level = 0;
    ROIKIT_ROLLED for (int l = 1; l < LEVELS; ++l) level += size >= (acc_t)params.level_limits[l] ? 1 : 0;
    return level;
}
