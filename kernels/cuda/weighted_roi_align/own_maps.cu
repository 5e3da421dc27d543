// Weighted RoIAlign, where each RoI has weights of its own: gradients take some RoIs at a time, each with its image as a map of its own
// (rois.py), on the level of a pyramid that it is pooled from.
//
// The specialisation defines the macros of numeric.cuh, and
//   ROIKIT_LEVELS    the number of maps that a RoI is pooled from
//   ROIKIT_THREADS   the most that a block may have on a GPU
#include "library/numeric.cuh"
#include "library/level.cuh"
#include "weighted_roi_align/each.cuh"

struct OwnMapsParams {
    ROIKIT_ROI_FIELDS
    int levels; // that there are, of those that this is compiled for
};

constexpr int NUMBERS = 5;  // of a row: the image, and a box

// Rows that say of each RoI that it lies on the map of its own number; and, for each level, of which image that is: -1 of a RoI that is on
// another, or of no image that there is.
extern "C" __global__ void weighted_roi_align_own_maps(const acc_t* boxes, acc_t* rows, int64* images, const OwnMapsParams params) {
    EACH_OF(params.rois, k) {
        const acc_t* const box = boxes + NUMBERS * k;
        const acc_t index = box[0];
        const bool in_range = index > (acc_t)-1 && index < (acc_t)2147483648.0f && (int64)index < params.images;
        const bool known = in_range && (params.truncates || index == (acc_t)(int)index);
        const int level = known ? level_of(box, params) : -1;
        ROIKIT_ROLLED for (int l = 0; l < params.levels; ++l) images[l * params.rois + k] = l == level ? (int64)index : -1;
        rows[NUMBERS * k] = known ? (acc_t)k : (acc_t)-1;
        for (int n = 1; n < NUMBERS; ++n) rows[NUMBERS * k + n] = box[n];
    }
}
