// RoIPool, forward: the maximum or the average of the pixels of each bin. A block works out the bins of its RoIs once (edges.cuh) and
// then pools them for a tile of channels after the other: bin by bin (channels_last.cuh), or with channels first on a CPU row by row
// (rows.cuh).
//
// The specialisation defines, besides the macros of numeric.cuh, edges.cuh, maximum.cuh, modes.cuh, roi.cuh and vectors.cuh:
//   ROIKIT_EMPTY       zero | minus_infinity, the maximum of no pixels (RP-6)
//   ROIKIT_VECTOR      neighbouring elements that a thread reads together: channels (NHWC) or columns (NCHW)
//   ROIKIT_THREADS     the most that a block may have on a GPU; ROIKIT_BLOCKS as many of such blocks must fit a multiprocessor
#include "library/numeric.cuh"
#include "roi_pool/edges.cuh"
#include "library/modes.cuh"
#include "library/vectors.cuh"
#include "library/roi.cuh"
#include "library/pooling/common.cuh"
#include "roi_pool/maximum.cuh"

enum class Empty { zero, minus_infinity };
#define EMPTY ROIKIT_CHOICE(Empty, EMPTY)

constexpr int VECTOR = ROIKIT_VECTOR;
constexpr bool IN_LANES = LANES > 1 && LAYOUT == Layout::NCHW && VECTOR >= LANES;
constexpr bool CAN_GATHER = LAYOUT == Layout::NCHW;

struct PoolingParams {
    int64 maps[ROIKIT_LEVELS];    // addresses
    ROIKIT_ROI_FIELDS
    ROIKIT_GEOMETRY_FIELDS
    ROIKIT_POOLING_FIELDS
};

// What a block knows of a RoI while it pools it; in the block's memory.
struct Prepared {
    Kept<Span> y, x;               // the pixels of each row, and of each column, of bins
    Span columns;                // of all bins, in lanes
    const feature_t* map;        // of its image and level
    int height, width;
    feature_t* output;
    int row_begin, row_end;      // the rows of bins that this block pools
    int result_is_nan;
    int gathers;                 // NCHW: pooled bin by bin
};
static_assert(sizeof(Prepared) <= ROIKIT_PREPARED_BYTES, "a size that forward.py reckons with");

ROIKIT_FN int64 pixels_of(const Span& y, const Span& x) { return (int64)(y.end - y.begin) * (x.end - x.begin); }

// RP-6
ROIKIT_FN acc_t value_of_nothing() { return MODE == Mode::max && EMPTY == Empty::minus_infinity ? -infinity() : (acc_t)0; }

// ---- RP-7, RP-9: the greater of a maximum so far and the next pixel -----------------------------------------------------------

ROIKIT_FN acc_t better(acc_t best, acc_t pixel) {
    if (NAN_PIXEL == Nan::propagates) return larger(best, pixel);
    if (LAST_COUNTS) return pixel < best ? best : pixel;
    return pixel > best ? pixel : best;
}

#ifndef __CUDA_ARCH__
ROIKIT_FN Register better(Register best, Register pixel) {
    if (NAN_PIXEL == Nan::propagates) return larger(best, pixel);
    if (LAST_COUNTS) return pixel < best ? best : pixel;
    return pixel > best ? pixel : best;
}
#endif

// `first` if that is NaN, which no other pixel is greater than.
template <int N> ROIKIT_FN Vector<N> or_nan(const Vector<N>& best, const Vector<N>& first) {
    Vector<N> result;
    EACH_PART(i) result.part[i] = first.part[i] != first.part[i] ? first.part[i] : best.part[i];
    return result;
}

template <int N> ROIKIT_FN Vector<N> unless_nan(const Vector<N>& values, const Vector<N>& instead) {
    Vector<N> result;
    EACH_PART(i) result.part[i] = values.part[i] == values.part[i] ? values.part[i] : instead.part[i];
    return result;
}

template <int N> ROIKIT_FN Vector<N> better(const Vector<N>& best, const Vector<N>& pixel) {
    Vector<N> result;
    EACH_PART(i) result.part[i] = better(best.part[i], pixel.part[i]);
    return result;
}

struct Bin {
    Span y, x;
};

#include "library/pooling/channels_last.cuh"
#include "roi_pool/rows.cuh"

// ---- a bin --------------------------------------------------------------------------------------------------------------

// RP-7'
template <int N> ROIKIT_FN Vector<N> average_of(const Steps& steps, const Span& y, const Span& x) {
    Vector<N> sum = filled<N>((acc_t)0);
    ROIKIT_ROLLED for (int row = y.begin; row < y.end; ++row) {
        const feature_t* const from = at_row(steps, row);
        ROIKIT_ROLLED for (int column = x.begin; column < x.end; ++column) {
            sum = sum + load_channels<N>(at_column(from, steps, column), steps);
        }
    }
    return sum / (acc_t)pixels_of(y, x);
}

// RP-7, row by row
template <int N> ROIKIT_FN Vector<N> maximum_of(const Steps& steps, const Span& y, const Span& x) {
    Vector<N> best = filled<N>(least());
    if constexpr (NAN_PIXEL == Nan::if_first) {
        best = or_nan<N>(best, load_channels<N>(at_column(at_row(steps, y.begin), steps, x.begin), steps));
    }
    ROIKIT_ROLLED for (int row = y.begin; row < y.end; ++row) {
        const feature_t* const from = at_row(steps, row);
        ROIKIT_ROLLED for (int column = x.begin; column < x.end; ++column) {
            best = better<N>(best, load_channels<N>(at_column(from, steps, column), steps));
        }
    }
    return best;
}

ROIKIT_FN Bin bin_of(const Prepared& roi, int p, int q) { return Bin{roi.y[p], roi.x[q]}; }

template <int N> ROIKIT_FN Vector<N> pooled_bin(const Prepared& roi, const Steps& steps, const Bin& bin) {
    const Span y = bin.y, x = bin.x;
    if (pixels_of(y, x) == 0) return filled<N>(value_of_nothing());
    if (MODE == Mode::avg) return average_of<N>(steps, y, x);
    const Vector<N> best = maximum_of<N>(steps, y, x);
    const bool ends_map = y.end == roi.height && x.end == roi.width;
    return NAN_PIXEL == Nan::if_last_of_map && !ends_map ? unless_nan<N>(best, filled<N>(-infinity())) : best;
}

#ifdef ROIKIT_PREFETCH
// Bins are read pixel after pixel, which a CPU foresees.
ROIKIT_FN void prefetch_bin(const Prepared&, const Steps&, int, int, int64) {}
#endif

// ---- preparation --------------------------------------------------------------------------------------------------------

ROIKIT_FN int64 pixels_along(const Axis& axis) {
    return axis.extent > 0.0 ? axis.extent < (double)axis.size ? (int64)axis.extent : axis.size : 0;
}

// Called by all threads of the block, which is synchronised when it returns.
ROIKIT_FN void prepare(int64 k, const acc_t* box, feature_t* output, int64* status, const PoolingParams& params,
                       Memory& memory, Prepared& slot) {
    const Roi roi = read_roi(box, params);
    Prepared mine;
    mine.result_is_nan = roi.refusal != 0;
    mine.height = params.heights[roi.level];
    mine.width = params.widths[roi.level];
    mine.y = carve<Span>(memory, params.bins_y);
    mine.x = carve<Span>(memory, params.bins_x);
    choose_rows(roi, mine.result_is_nan ? 0 : pixels_along(roi.y) * pixels_along(roi.x), params, mine);
    const int bins = params.bins_y + params.bins_x;
    ROIKIT_ROLLED for (int i = thread_of_block(); i < (mine.result_is_nan ? 0 : bins); i += threads_of_block()) {
        const bool along_y = i < params.bins_y;
        const Axis axis = along_y ? roi.y : roi.x;
        const int p = along_y ? i : i - params.bins_y;
        (along_y ? mine.y : mine.x)[p] = bin_at(axis, p);
    }
    __syncthreads();
    mine.columns = Span{0, 0};
    ROIKIT_ROLLED for (int q = 0; q < (IN_LANES && !mine.result_is_nan ? params.bins_x : 0); ++q) {
        if (mine.x[q].end <= mine.x[q].begin) continue;
        if (mine.columns.end == 0) mine.columns.begin = mine.x[q].begin;
        if (mine.x[q].end > mine.columns.end) mine.columns.end = mine.x[q].end;
    }
    mine.map = (const feature_t*)params.maps[roi.level] + roi.image * params.channels * mine.height * mine.width;
    mine.output = output + k * params.channels * params.bins_y * params.bins_x;
    // In lanes pixels come column by column, where some dialects look at which is the first or the last.
    constexpr bool in_order = MODE == Mode::max && (NAN_PIXEL == Nan::if_first || LAST_COUNTS);
    mine.gathers = CAN_GATHER && (!IN_LANES || mine.result_is_nan || in_order);
    if (thread_of_block() == 0) {
        if (mine.result_is_nan) report(status, k, roi.refusal);
        slot = mine;
    }
    __syncthreads();
}

// Pools the channels from `channel` to `end` of a RoI that is not gathered.
ROIKIT_FN void pool_tile(const Prepared roi, const PoolingParams& params, int64 channel, int64 end, Memory memory) {
    if constexpr (LAYOUT == Layout::NHWC) {
        pool_channels_last(roi, params, channel, end);
    } else if constexpr (IN_LANES) {
        if (!roi.gathers && thread_of_block() == 0) pool_in_lanes(roi, params, channel, end, memory);
    }
}

#include "library/pooling/block.cuh"

extern "C" __global__ void __launch_bounds__(ROIKIT_THREADS, ROIKIT_FITTING_BLOCKS)
roi_pool_forward(const acc_t* boxes, const int64* number_of_rois, feature_t* output, unsigned char* workspace, int64* status,
                 const PoolingParams params) {
    pool_rois(boxes, number_of_rois, output, workspace, status, params);
}
