// RoIAlign, forward. A block works out the geometry of its RoIs once (geometry.cuh) and then pools them for a tile of channels
// after the other: channels_last.cuh bin by bin, channels_first.cuh row of bins by row of bins.
//
// The specialisation defines, besides the macros of numeric.cuh, sampling.cuh, modes.cuh, roi.cuh and vectors.cuh:
//   ROIKIT_VECTOR      neighbouring elements that a thread reads together: channels (NHWC) or columns (NCHW)
//   ROIKIT_CHANNELS    channels for which a thread sums columns together (NCHW)
//   ROIKIT_GATHER      NCHW on a GPU: a RoI of at most so many taps for each bin is pooled bin by bin
//   ROIKIT_BINS        rows and columns of bins, and ROIKIT_SAMPLING samples along an axis, that all calls have; 0: any
//   ROIKIT_THREADS     the most that a block may have on a GPU; ROIKIT_BLOCKS as many of such blocks must fit a multiprocessor
#include "library/numeric.cuh"
#include "library/sampling.cuh"
#include "library/modes.cuh"
#include "library/geometry.cuh"
#include "library/vectors.cuh"
#include "library/roi.cuh"
#include "library/sampled_maximum.cuh"
#include "library/pooling/common.cuh"
#include "library/pooling/lists.cuh"

constexpr int VECTOR = ROIKIT_VECTOR;
constexpr int CHANNELS = ROIKIT_CHANNELS;
constexpr bool IN_LANES = LANES > 1 && LAYOUT == Layout::NCHW && VECTOR >= LANES;
constexpr bool CAN_GATHER = LAYOUT == Layout::NCHW && !IN_LANES;

struct PoolingParams {
    int64 maps[ROIKIT_LEVELS];    // addresses
    ROIKIT_ROI_FIELDS
    ROIKIT_GEOMETRY_FIELDS
    int capacity_y, capacity_x;   // entries in the lists of an axis
    ROIKIT_POOLING_FIELDS
};

#include "library/pooling/entry.cuh"

#include "library/pooling/window.cuh"

// What a block knows of a RoI while it pools it; in the block's memory.
struct Prepared {
    Lists<Entry> y, x;
    Window window;               // NCHW
    const feature_t* map;        // of its image and level
    int height, width;
    feature_t* output;
    acc_t divisor, reciprocal;
    int reciprocal_is_exact;
    int row_begin, row_end;      // the rows of bins that this block pools
    int taken_y, taken_x;
    int result_is_nan;
    int gathers;                 // NCHW: pooled bin by bin
};
static_assert(sizeof(Prepared) <= ROIKIT_PREPARED_BYTES, "a size that forward_plan.py reckons with");

// ---- results ----------------------------------------------------------------------------------------------------------

// RA-8. One division, at the end: whenever the sum is exact the result is rounded correctly. (As it is if a power of two
// divides by way of its reciprocal.)
template <int N> ROIKIT_FN Vector<N> finished(const Prepared& roi, const Vector<N>& result) {
    if (roi.result_is_nan) return filled<N>(quiet_nan());
    if (MODE == Mode::max) return result;
    return roi.reciprocal_is_exact ? roi.reciprocal * result : result / roi.divisor;
}

#include "library/pooling/start_of_maximum.cuh"

typedef ListsOfBin<Entry> Bin;

#include "library/pooling/channels_last.cuh"
#include "library/pooling/samples.cuh"
#include "library/pooling/channels_first.cuh"
#include "library/pooling/transposed.cuh"

// ---- preparation ------------------------------------------------------------------------------------------------------

ROIKIT_FN bool is_power_of_two(acc_t x) {
    return x >= (acc_t)1 && x < (acc_t)1e18f && ((int64)x & ((int64)x - 1)) == 0;
}

// Called by all threads of the block, which is synchronised when it returns.
ROIKIT_FN void prepare(int64 k, const acc_t* box, feature_t* output, int64* status,
                       const PoolingParams& params, Memory& memory, Prepared& slot) {
    const Roi roi = read_roi(box, params);
    Prepared mine;
    mine.height = params.heights[roi.level];
    mine.width = params.widths[roi.level];
    mine.y = carve_lists<Entry>(memory, params.bins_y, params.capacity_y);
    mine.x = carve_lists<Entry>(memory, params.bins_x, params.capacity_x);
    mine.window = Window{LAYOUT == Layout::NCHW ? carve<int>(memory, columns_of(params.capacity_x)) : Kept<int>{}, 0, 0, 0};
    choose_rows(roi, (int64)roi.y.taken * params.bins_y * roi.x.taken * params.bins_x, params, mine);
    bool refused = roi.refusal != 0;
    if (!refused && mine.row_begin < mine.row_end) refused = !build_lists(roi.y, roi.x, mine.y, mine.x);
    mine.taken_y = roi.y.taken;
    mine.taken_x = roi.x.taken;
    mine.divisor = roi.y.grid * roi.x.grid;
    mine.result_is_nan = refused || (MODE == Mode::avg && EMPTY_GRID == EmptyGrid::nan && mine.divisor == (acc_t)0);
    if (EMPTY_GRID != EmptyGrid::nan && mine.divisor < (acc_t)1) mine.divisor = (acc_t)1;
    mine.reciprocal_is_exact = is_power_of_two(mine.divisor);
    mine.reciprocal = (acc_t)1 / mine.divisor;
    mine.map = (const feature_t*)params.maps[roi.level] + roi.image * params.channels * mine.height * mine.width;
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

// What the compiler knows, it need not read, nor divide by.
ROIKIT_FN PoolingParams with_common_sizes(PoolingParams params) {
    if (ROIKIT_BINS > 0) params.bins_y = params.bins_x = ROIKIT_BINS;
    if (ROIKIT_SAMPLING > 0) params.sampling_y = params.sampling_x = ROIKIT_SAMPLING;
    return params;
}

extern "C" __global__ void __launch_bounds__(ROIKIT_THREADS, ROIKIT_FITTING_BLOCKS)
roi_align_forward(const acc_t* boxes, const int64* number_of_rois, feature_t* output, unsigned char* workspace, int64* status,
                  const PoolingParams given) {
    const PoolingParams params = with_common_sizes(given);
    pool_rois(boxes, number_of_rois, output, workspace, status, params);
}
