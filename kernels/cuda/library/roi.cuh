// A row of `boxes` as a RoI on the map that it is pooled from, and how a block divides its memory.
//
// A geometry (sampling.cuh is one) comes before: `Axis`, a RoI along an axis; `place_axis`, which makes one of two coordinates of a
// box and says by a `Placed` (axis.cuh) whether it can be pooled; and ROIKIT_GEOMETRY_FIELDS, what a struct of parameters has for it.
//
// The specialisation defines ROIKIT_LEVELS, the number of maps of a feature pyramid that a RoI is pooled from: 1 for a single map.
#pragma once

constexpr int LEVELS = ROIKIT_LEVELS;

// What every operator's struct of parameters has. `source.py` reads the structs, these lines in their place, and makes the NumPy data
// types of the same layout from them.
#define ROIKIT_ROI_FIELDS                                           \
    int64 rois;                                                     \
    int64 images, channels;                                         \
    double scales_y[ROIKIT_LEVELS], scales_x[ROIKIT_LEVELS];        \
    double level_limits[ROIKIT_LEVELS];                             \
    double canonical_size, size_offset;                             \
    int heights[ROIKIT_LEVELS];                                     \
    int widths[ROIKIT_LEVELS];                                      \
    int bins_y, bins_x;                                             \
    int truncates; /* whether a batch index may have a fraction */

// Why a RoI was not pooled (`arguments.py` has the words): written to `status` as 4 · (index of the first such RoI) + reason.
enum Refusal { BAD_BATCH_INDEX = 1, NOT_FINITE = 2, TOO_FAR = 3 };

struct Roi {
    int image, level;
    int refusal;
    Axis y, x;
};

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

ROIKIT_FN void report(int64* status, int64 k, int refusal) {
    if (!status) return;
    const int64 code = 4 * k + refusal;
#ifdef __CUDA_ARCH__
    atomicMin(status, code);
#else
    int64 seen = __atomic_load_n(status, __ATOMIC_RELAXED);
    while (code < seen && !__atomic_compare_exchange_n(status, &seen, code, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
    }
#endif
}

// How many of the rows of `boxes` are RoIs: all, or as many as a number on the device says.
ROIKIT_FN int64 count_rois(const int64* count, int64 rows) {
    if (!count) return rows;
    return *count < 0 ? 0 : *count < rows ? *count : rows;
}

// Takes room for `count` values of T, at a multiple of 16 bytes.
template <class T> ROIKIT_FN T* carve(unsigned char*& memory, int64 count) {
    T* const taken = (T*)memory;
    memory += (count * sizeof(T) + 15) / 16 * 16;
    return taken;
}

ROIKIT_FN int thread_of_block() { return threadIdx.x + blockDim.x * threadIdx.y; }
ROIKIT_FN int threads_of_block() { return blockDim.x * blockDim.y; }
