// RoIAlign of volumes, forward. A block works out the taps of its RoIs once, along each of three axes, and puts those of slices and of
// rows together (volume.cuh); then it pools them for a tile of channels after the other, as RoIAlign of maps does.
//
// The specialisation defines, besides the macros of numeric.cuh, sampling.cuh, modes.cuh, roi_fields.cuh and vectors.cuh:
//   ROIKIT_VECTOR      neighbouring elements that a thread reads together: channels (NHWC) or columns (NCHW)
//   ROIKIT_CHANNELS    channels for which a thread sums columns together (NCHW)
//   ROIKIT_GATHER      NCHW on a GPU: a RoI of at most so many taps for each bin is pooled bin by bin
//   ROIKIT_THREADS     the most that a block may have on a GPU; ROIKIT_BLOCKS as many of such blocks must fit a multiprocessor
#include "library/numeric.cuh"
#include "library/modes.cuh"
#include "roi_align_3d/volume.cuh"
#include "library/vectors.cuh"
#include "library/sampled_maximum.cuh"
#include "library/pooling/common.cuh"

#define Axis OneAxis
#include "library/pooling/lists.cuh"
#undef Axis

constexpr int VECTOR = ROIKIT_VECTOR;
constexpr int CHANNELS = ROIKIT_CHANNELS;
constexpr bool IN_LANES = LANES > 1 && LAYOUT == Layout::NCHW && VECTOR >= LANES;
constexpr bool CAN_GATHER = LAYOUT == Layout::NCHW && !IN_LANES;
constexpr int LIBRARY_ROW_NUMBERS = 5;  // of a row of boxes, as block.cuh steps over them

struct PoolingParams {
    int64 maps[ROIKIT_LEVELS];    // addresses
    ROIKIT_ROI_FIELDS
    ROIKIT_GEOMETRY_FIELDS
    int capacity_z, capacity_h;   // entries in the lists of slices, and of the rows of a slice
    int capacity_y, capacity_x;   // and of rows of all slices, and of columns
    ROIKIT_POOLING_FIELDS
};

typedef Tap Entry;

#include "library/pooling/window.cuh"

// What a block knows of a RoI while it pools it; in the block's memory.
struct Prepared {
    Lists<Entry> y, x;
    Window window;               // NCHW
    const feature_t* map;        // of its image
    int height, width;           // rows of all slices
    feature_t* output;
    acc_t divisor, reciprocal;
    int reciprocal_is_exact;
    int row_begin, row_end;      // the rows of bins that this block pools
    int result_is_nan;
    int gathers;                 // NCHW: pooled bin by bin
};
static_assert(sizeof(Prepared) <= ROIKIT_PREPARED_BYTES, "a size that forward_plan.py reckons with");

// RV-8. One division, at the end: whenever the sum is exact the result is rounded correctly. (As it is if a power of two
// divides by way of its reciprocal.)
template <int N> ROIKIT_FN Vector<N> finished(const Prepared& roi, const Vector<N>& result) {
    if (roi.result_is_nan) return filled<N>(quiet_nan());
    return roi.reciprocal_is_exact ? roi.reciprocal * result : result / roi.divisor;
}

ROIKIT_FN acc_t start_of_maximum(const Prepared&, int, int) { return (acc_t)0; }  // which there is not

typedef ListsOfBin<Entry> Bin;

#include "library/pooling/channels_last.cuh"
#include "library/pooling/samples.cuh"
#include "library/pooling/channels_first.cuh"
#include "library/pooling/transposed.cuh"

// ---- preparation ------------------------------------------------------------------------------------------------------

ROIKIT_FN bool is_power_of_two(acc_t x) {
    return x >= (acc_t)1 && x < (acc_t)1e18f && ((int64)x & ((int64)x - 1)) == 0;
}

// The taps of rows of bins: products of those of their slice with those of their row in it, in ascending order. Called by all threads of
// the block, which is synchronised when it returns.
ROIKIT_FN void fold_lists(const Lists<Tap>& slices, const Lists<Tap>& rows, int height, const Lists<Tap>& made) {
    const int thread = thread_of_block(), threads = threads_of_block();
    ROIKIT_ROLLED for (int p = thread; p < made.bins; p += threads) {
        made.lists[p].count = slices.lists[p / rows.bins].count * rows.lists[p % rows.bins].count;
    }
    __syncthreads();
    ROIKIT_ROLLED for (int which = thread; which < 1; which += threads) {
        int total = 0;
        ROIKIT_ROLLED for (int p = 0; p < made.bins; ++p) {
            made.lists[p].begin = total;
            total += made.lists[p].count;
        }
        made.lists[made.bins].begin = total;
    }
    __syncthreads();
    ROIKIT_ROLLED for (int p = thread; p < made.bins; p += threads) {
        const List of_slices = slices.lists[p / rows.bins], of_rows = rows.lists[p % rows.bins];
        const Tap* const first = rows.entries + of_rows.begin;
        Tap* to = made.entries + made.lists[p].begin;
        ROIKIT_ROLLED for (int a = 0; a < of_slices.count; ++a) {
            const Tap slice = (slices.entries + of_slices.begin)[a];
            ROIKIT_ROLLED for (int b = 0; b < of_rows.count; ++b) {
                *to++ = Tap{slice.index * height + first[b].index, slice.weight * first[b].weight};
            }
        }
    }
    __syncthreads();
}

// Builds all lists of a RoI. Called by all threads of the block; the block is synchronised when it returns. Returns false (to all
// threads) if a list would not fit, in which case nothing may be read from them.
ROIKIT_FN bool build_volume(const Roi& roi, const PoolingParams& params, Memory& memory, const Lists<Tap>& y, const Lists<Tap>& x) {
    const Lists<Tap> slices = carve_lists<Tap>(memory, params.bins_d, params.capacity_z);
    const Lists<Tap> rows = carve_lists<Tap>(memory, params.bins_h, params.capacity_h);
    const Lists<Tap> none = carve_lists<Tap>(memory, 0, 0);
    if (!build_lists(roi.y.slices, roi.y.line, slices, rows)) return false;
    if (!build_lists(roi.x.line, roi.x.line, x, none)) return false;
    fold_lists(slices, rows, params.height, y);
    return true;
}

// What the bins of a line read of it, about.
ROIKIT_FN int64 pixels_along(const OneAxis& line, int bins) {
    const int64 taps = 2 * (int64)line.taken * bins, most = line.size + 2 * (int64)bins;
    return taps < most ? taps : most;
}

// Called by all threads of the block, which is synchronised when it returns.
ROIKIT_FN void prepare(int64 k, const acc_t* box, feature_t* output, int64* status,
                       const PoolingParams& params, Memory& memory, Prepared& slot) {
    const Roi roi = place_volume(box + (ROW_NUMBERS - LIBRARY_ROW_NUMBERS) * k, params);
    Prepared mine;
    mine.height = params.heights[0];
    mine.width = params.widths[0];
    mine.y = carve_lists<Entry>(memory, params.bins_y, params.capacity_y);
    mine.x = carve_lists<Entry>(memory, params.bins_x, params.capacity_x);
    mine.window = Window{LAYOUT == Layout::NCHW ? carve<int>(memory, columns_of(params.capacity_x)) : Kept<int>{}, 0, 0, 0};
    const int64 plane = pixels_along(roi.y.line, params.bins_h) * pixels_along(roi.x.line, params.bins_x);
    choose_rows(roi, plane * pixels_along(roi.y.slices, params.bins_d), params, mine);
    bool refused = roi.refusal != 0;
    if (!refused && mine.row_begin < mine.row_end) refused = !build_volume(roi, params, memory, mine.y, mine.x);
    mine.divisor = samples_of(roi);
    mine.result_is_nan = refused;
    mine.reciprocal_is_exact = is_power_of_two(mine.divisor);
    mine.reciprocal = (acc_t)1 / mine.divisor;
    mine.map = (const feature_t*)params.maps[0] + roi.image * params.channels * mine.height * mine.width;
    mine.output = output + k * params.channels * params.bins_y * params.bins_x;
    const int64 few = (int64)ROIKIT_GATHER * params.bins_y * params.bins_x;
    mine.gathers = CAN_GATHER && (mine.result_is_nan || mine.row_begin >= mine.row_end ||
                   (int64)mine.y.lists[mine.y.bins].begin * mine.x.lists[mine.x.bins].begin <= few);
    if (LAYOUT == Layout::NCHW && !mine.gathers && !mine.result_is_nan && mine.row_begin < mine.row_end) {
#ifndef __CUDA_ARCH__
        place_patch(mine.y, mine.x, mine.width, mine.window);
#endif
        place_window(mine.x, mine.width, params.line_length, mine.window);
    }
    if (thread_of_block() == 0) {
        if (refused) report(status, k, roi.refusal ? roi.refusal : TOO_FAR);
        slot = mine;
    }
    __syncthreads();
}

// Pools the channels from `channel` to `end` of a RoI that is not gathered.
ROIKIT_FN void pool_tile(const Prepared roi, const PoolingParams& params, int64 channel, int64 end, Memory memory) {
    if constexpr (LAYOUT == Layout::NHWC) {
        pool_channels_last(roi, params, channel, end);
    } else if constexpr (IN_LANES) {
        if (thread_of_block() == 0) pool_in_lanes(roi, params, channel, end, memory);
    } else if (!roi.gathers) {
        pool_channels_first(roi, params, channel, end, memory);
    }
}

#include "library/pooling/block.cuh"

extern "C" __global__ void __launch_bounds__(ROIKIT_THREADS, ROIKIT_FITTING_BLOCKS)
roi_align_3d_forward(const acc_t* boxes, const int64* number_of_rois, feature_t* output, unsigned char* workspace, int64* status,
                     const PoolingParams params) {
    pool_rois(boxes, number_of_rois, output, workspace, status, params);
}
