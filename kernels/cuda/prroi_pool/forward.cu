// PrRoIPool, forward. A block works out the weights of its RoIs once (geometry.cuh) and then pools them for a tile of channels after the
// other: channels_last.cuh bin by bin, channels_first.cuh row of bins by row of bins.
//
// The specialisation defines, besides the macros of numeric.cuh, modes.cuh, roi.cuh and vectors.cuh:
//   ROIKIT_VECTOR      neighbouring elements that a thread reads together: channels (NHWC) or columns (NCHW)
//   ROIKIT_CHANNELS    channels for which a thread sums columns together (NCHW)
//   ROIKIT_GATHER      NCHW on a GPU: a RoI of at most so many taps for each bin is pooled bin by bin
//   ROIKIT_THREADS     the most that a block may have on a GPU; ROIKIT_BLOCKS as many of such blocks must fit a multiprocessor
#include "library/numeric.cuh"
#include "prroi_pool/integral.cuh"
#include "prroi_pool/no_maximum.cuh"
#include "library/modes.cuh"
#include "library/geometry.cuh"
#include "library/vectors.cuh"
#include "library/roi.cuh"
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

typedef Tap Entry;

#include "library/pooling/window.cuh"

// What a block knows of a RoI while it pools it; in the block's memory.
struct Prepared {
    Lists<Entry> y, x;
    Window window;               // NCHW
    const feature_t* map;        // of its image
    int height, width;
    feature_t* output;
    int row_begin, row_end;      // the rows of bins that this block pools
    int result_is_nan;
    int gathers;                 // NCHW: pooled bin by bin
};
static_assert(sizeof(Prepared) <= ROIKIT_PREPARED_BYTES, "a size that forward_plan.py reckons with");

// PR-6: weights are over the sizes of bins already.
template <int N> ROIKIT_FN Vector<N> finished(const Prepared& roi, const Vector<N>& result) {
    return roi.result_is_nan ? filled<N>(quiet_nan()) : result;
}

ROIKIT_FN acc_t start_of_maximum(const Prepared&, int, int) { return (acc_t)0; }  // which there is not (no_maximum.cuh)

typedef ListsOfBin<Entry> Bin;

#include "library/pooling/channels_last.cuh"
#include "library/pooling/samples.cuh"
#include "library/pooling/channels_first.cuh"
#include "library/pooling/transposed.cuh"

// ---- preparation ------------------------------------------------------------------------------------------------------

// How many cells the bins of an axis may have in all, where the map counts.
ROIKIT_FN int64 cells_along(const Axis& axis, int bins) {
    const acc_t extent = mul((acc_t)bins, axis.bin);
    return (extent < (acc_t)axis.size ? (int64)extent : axis.size) + 2 * (int64)bins;
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
    const bool pooled = !roi.refusal && roi.y.taken && roi.x.taken;
    choose_rows(roi, pooled ? cells_along(roi.y, params.bins_y) * cells_along(roi.x, params.bins_x) : 0, params, mine);
    mine.result_is_nan = roi.refusal != 0;
    if (!roi.refusal && mine.row_begin < mine.row_end) mine.result_is_nan = !build_lists(roi.y, roi.x, mine.y, mine.x);
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
        if (mine.result_is_nan) report(status, k, roi.refusal ? roi.refusal : TOO_FAR);
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
prroi_pool_forward(const acc_t* boxes, const int64* number_of_rois, feature_t* output, unsigned char* workspace, int64* status,
                   const PoolingParams params) {
    pool_rois(boxes, number_of_rois, output, workspace, status, params);
}
