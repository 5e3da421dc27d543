// PSRoIPool, forward: the average of the pixels of each bin, in a channel of its own. A block works out the bins of its RoIs once
// (edges.cuh) and then pools them for a tile of channels of the output after the other, bin by bin (channels_last.cuh).
//
// The specialisation defines, besides the macros of numeric.cuh, edges.cuh, modes.cuh, roi.cuh and vectors.cuh:
//   ROIKIT_VECTOR      neighbouring channels of the output that a thread takes together (NHWC)
//   ROIKIT_THREADS     the most that a block may have on a GPU; ROIKIT_BLOCKS as many of such blocks must fit a multiprocessor
#include "library/numeric.cuh"
#include "ps_roi_pool/edges.cuh"
#include "library/modes.cuh"
#include "library/vectors.cuh"
#include "library/roi.cuh"
#include "library/pooling/common.cuh"

constexpr int VECTOR = ROIKIT_VECTOR;
constexpr bool CAN_GATHER = LAYOUT == Layout::NCHW;

// `channels` are those of the output; the maps have as many for each bin.
struct PoolingParams {
    int64 maps[ROIKIT_LEVELS];    // addresses
    ROIKIT_ROI_FIELDS
    ROIKIT_GEOMETRY_FIELDS
    ROIKIT_POOLING_FIELDS
};

// What a block knows of a RoI while it pools it; in the block's memory.
struct Prepared {
    Kept<Span> y, x;               // the pixels of each row, and of each column, of bins
    const feature_t* map;        // of its image
    int height, width;
    feature_t* output;
    int row_begin, row_end;      // the rows of bins that this block pools
    int bins_y, bins_x;
    int64 channels;              // of the output
    int result_is_nan;
    int gathers;                 // NCHW: pooled bin by bin
};
static_assert(sizeof(Prepared) <= ROIKIT_PREPARED_BYTES, "a size that forward.py reckons with");

ROIKIT_FN int64 pixels_of(const Span& y, const Span& x) { return (int64)(y.end - y.begin) * (x.end - x.begin); }

struct Bin {
    Span y, x;
    int p, q;
};

#include "library/pooling/channels_last.cuh"
#include "library/pooling/selected.cuh"

// ---- a bin --------------------------------------------------------------------------------------------------------------

// PP-1, PP-7
ROIKIT_FN Bin bin_of(const Prepared& roi, int p, int q) { return Bin{roi.y[p], roi.x[q], p, q}; }

template <int N> ROIKIT_FN Vector<N> pooled_bin(const Prepared& roi, const Steps& steps, const Bin& bin) {
    const Span y = bin.y, x = bin.x;
    Vector<N> sum = filled<N>((acc_t)0);
    if (pixels_of(y, x) == 0) return sum;
    const Origin origin = origin_of(roi, steps.channel, bin.p, bin.q);
    ROIKIT_ROLLED for (int row = y.begin; row < y.end; ++row) {
        const feature_t* from = origin.at + row * origin.row + x.begin * origin.pixel;
        ROIKIT_ROLLED for (int column = x.begin; column < x.end; ++column) {
            sum = sum + load_apart<N>(from, origin.lane);
            from += origin.pixel;
        }
    }
    return sum / (acc_t)pixels_of(y, x);
}

// ---- preparation --------------------------------------------------------------------------------------------------------

ROIKIT_FN int64 pixels_along(const Axis& axis) {
    return axis.extent < (double)axis.size ? (int64)axis.extent + 1 : axis.size;
}

// Called by all threads of the block, which is synchronised when it returns.
ROIKIT_FN void prepare(int64 k, const acc_t* box, feature_t* output, int64* status, const PoolingParams& params,
                       Memory& memory, Prepared& slot) {
    const Roi roi = read_roi(box, params);
    Prepared mine;
    mine.result_is_nan = roi.refusal != 0;
    mine.height = params.heights[roi.level];
    mine.width = params.widths[roi.level];
    mine.bins_y = params.bins_y;
    mine.bins_x = params.bins_x;
    mine.channels = params.channels;
    mine.y = carve<Span>(memory, params.bins_y);
    mine.x = carve<Span>(memory, params.bins_x);
    const int bins = params.bins_y + params.bins_x;
    ROIKIT_ROLLED for (int i = thread_of_block(); i < (mine.result_is_nan ? 0 : bins); i += threads_of_block()) {
        const bool along_y = i < params.bins_y;
        const Axis axis = along_y ? roi.y : roi.x;
        (along_y ? mine.y : mine.x)[along_y ? i : i - params.bins_y] = bin_at(axis, along_y ? i : i - params.bins_y);
    }
    __syncthreads();
    choose_rows(roi, mine.result_is_nan ? 0 : pixels_along(roi.y) * pixels_along(roi.x), params, mine);
    mine.map = image_of(roi, params, mine.height, mine.width);
    mine.output = output + k * params.channels * params.bins_y * params.bins_x;
    mine.gathers = CAN_GATHER;
    if (thread_of_block() == 0) {
        if (mine.result_is_nan) report(status, k, roi.refusal);
        slot = mine;
    }
    __syncthreads();
}

#include "library/pooling/block.cuh"

extern "C" __global__ void __launch_bounds__(ROIKIT_THREADS, ROIKIT_FITTING_BLOCKS)
ps_roi_pool_forward(const acc_t* boxes, const int64* number_of_rois, feature_t* output, unsigned char* workspace, int64* status,
                    const PoolingParams params) {
    pool_rois(boxes, number_of_rois, output, workspace, status, params);
}
