// crop_and_resize, forward: a value between at most four pixels for each point. A block works out what the points of its boxes read once
// (points.cuh), row by row and column by column, and then takes them for one tile of channels after the other: channels_last.cuh point
// by point; a CPU, with channels first, row of points by row of points.
//
// The specialisation defines, besides the macros of numeric.cuh, modes.cuh, roi.cuh and vectors.cuh:
//   ROIKIT_VECTOR      neighbouring channels that a thread takes together (NHWC)
//   ROIKIT_THREADS     the most that a block may have on a GPU; ROIKIT_BLOCKS as many of such blocks must fit a multiprocessor
#include "library/numeric.cuh"
#include "crop_and_resize/points.cuh"
#include "library/modes.cuh"
#include "library/vectors.cuh"
#include "library/roi.cuh"
#include "library/pooling/common.cuh"

constexpr int VECTOR = ROIKIT_VECTOR;
constexpr bool IN_ROWS = LAYOUT == Layout::NCHW && LANES > 1;  // on a CPU
constexpr bool CAN_GATHER = LAYOUT == Layout::NCHW && !IN_ROWS;

struct PoolingParams {
    int64 maps[ROIKIT_LEVELS];  // addresses
    ROIKIT_ROI_FIELDS
    ROIKIT_GEOMETRY_FIELDS
    ROIKIT_POOLING_FIELDS
};

// What a block knows of a box while it crops it; in the block's memory.
struct Prepared {
    Kept<Taps> y, x;           // what each row, and each column, of points reads
    const feature_t* map;    // of its image
    int height, width;
    feature_t* output;
    int row_begin, row_end;  // the rows of points that this block takes
    acc_t outside;           // the value of a point that is there
    int result_is_nan;
    int gathers;             // NCHW: point by point
};
static_assert(sizeof(Prepared) <= ROIKIT_PREPARED_BYTES, "a size that forward.py reckons with");

struct Bin {
    Taps y, x;
};

#include "library/pooling/channels_last.cuh"

// ---- a point ------------------------------------------------------------------------------------------------------------

// a + (b - a) t, each step rounded by itself.
template <int N> ROIKIT_FN Vector<N> between(const Vector<N>& a, const Vector<N>& b, acc_t t) { return a + t * (b - a); }

// CR-4 along a row of the image.
template <int N> ROIKIT_FN Vector<N> on_row(const feature_t* row, const Taps& x, const Steps& steps) {
    const Vector<N> left = load_channels<N>(at_column(row, steps, x.low), steps);
    if (x.fraction == (acc_t)0) return left;
    return between<N>(left, load_channels<N>(at_column(row, steps, x.high), steps), x.fraction);
}

// CR-3, CR-4
ROIKIT_FN Bin bin_of(const Prepared& roi, int p, int q) { return Bin{roi.y[p], roi.x[q]}; }

template <int N> ROIKIT_FN Vector<N> pooled_bin(const Prepared& roi, const Steps& steps, const Bin& bin) {
    const Taps y = bin.y, x = bin.x;
    if (y.low < 0 || x.low < 0) return filled<N>(roi.outside);
    const Vector<N> above = on_row<N>(at_row(steps, y.low), x, steps);
    if (y.fraction == (acc_t)0) return above;
    return between<N>(above, on_row<N>(at_row(steps, y.high), x, steps), y.fraction);
}

#ifdef ROIKIT_PREFETCH
// A point has few pixels, and its neighbours read the same.
ROIKIT_FN void prefetch_bin(const Prepared&, const Steps&, int, int, int64) {}
#endif

// ---- a row of points on a CPU, channels first -----------------------------------------------------------------------------

#ifdef ROIKIT_PREFETCH
// CR-4 as above, without a branch, so that several columns are taken at once: a row has a pixel at `some`, and what is not wanted is not kept.
template <class T> ROIKIT_FN acc_t on_row(const T* row, const Taps& x, int some) {
    const acc_t left = widen(row[x.low < 0 ? some : x.low]), right = widen(row[x.low < 0 ? some : x.high]);
    const acc_t there = left + x.fraction * (right - left);
    return x.fraction == (acc_t)0 ? left : there;
}

// `low` and `high` are where the rows of the map begin that a row of points lies between.
template <class T> ROIKIT_FN void crop_row(const Prepared& roi, const Taps& y, const T* low, const T* high, int some, int columns, T* to) {
    const Taps* const taps = roi.x;
    for (int q = 0; q < columns; ++q) {
        const Taps x = taps[q];
        const acc_t above = on_row(low, x, some), below = on_row(high, x, some);
        const acc_t there = above + y.fraction * (below - above), value = y.fraction == (acc_t)0 ? above : there;
        narrow(x.low < 0 ? roi.outside : value, to[q]);
    }
}

constexpr int MOST_COLUMNS = 512;

// A row of points of 16-bit numbers, which a compiler does not widen a register at a time: the columns from `first` on, `count` of them.
struct WideRow {
    acc_t low[MOST_COLUMNS], high[MOST_COLUMNS], result[MOST_COLUMNS];

    ROIKIT_METHOD void crop(const Prepared& roi, const Taps& y, const feature_t* map, int first, int count, int columns, feature_t* to) {
        widen_all(map + (int64)y.low * roi.width + first, count, low);
        widen_all(map + (int64)y.high * roi.width + first, count, high);
        crop_row<acc_t>(roi, y, low - first, high - first, first, columns, result);
        narrow_all(result, columns, to);
    }
};

ROIKIT_FN void crop_row(const Prepared& roi, const Taps& y, const feature_t* map, int first, int last, int columns, feature_t* to) {
    const int count = last - first + 1;
    if (y.low < 0) {
        for (int q = 0; q < columns; ++q) narrow(roi.outside, to[q]);
    } else if (NARROW && count > 0 && count <= MOST_COLUMNS && columns <= MOST_COLUMNS) {
        WideRow row;
        row.crop(roi, y, map, first, count, columns, to);
    } else {
        crop_row<feature_t>(roi, y, map + (int64)y.low * roi.width, map + (int64)y.high * roi.width, 0, columns, to);
    }
}

// Asks for what a row of points reads: pixels apart in memory, of which a loop has too few on their way at once.
ROIKIT_FN void ask_for_row(const Prepared& roi, const Taps& y, const feature_t* map, int first, int last) {
    constexpr int LINE = 64 / sizeof(feature_t);
    if (y.low < 0) return;
    for (int row = y.low; row <= y.high; ++row) {
        for (int column = first; column < last; column += LINE) ROIKIT_PREFETCH(map + (int64)row * roi.width + column);
        ROIKIT_PREFETCH(map + (int64)row * roi.width + last);
    }
}

ROIKIT_FN void crop_rows(const Prepared& roi, const PoolingParams& params, int64 channel, int64 end) {
    if (ROIKIT_RARELY(roi.result_is_nan)) return fill_with_nan(roi, params, channel, end);
    int first = roi.width - 1, last = 0;
    for (int q = 0; q < params.bins_x; ++q) {
        const Taps x = roi.x[q];
        if (x.low >= 0 && x.low < first) first = x.low;
        if (x.high > last) last = x.high;
    }
    const int64 pixels = (int64)roi.height * roi.width;
    for (; channel < end; ++channel) {
        const feature_t* const map = roi.map + channel * pixels;
        feature_t* const to = roi.output + channel * params.bins_y * params.bins_x;
        for (int p = roi.row_begin; p < roi.row_end; ++p) {
            if (channel + 1 < end) ask_for_row(roi, roi.y[p], map + pixels, first, last);
            crop_row(roi, roi.y[p], map, first, last, params.bins_x, to + (int64)p * params.bins_x);
        }
    }
}
#else
ROIKIT_FN void crop_rows(const Prepared&, const PoolingParams&, int64, int64) {}
#endif

// ---- preparation --------------------------------------------------------------------------------------------------------

// Called by all threads of the block, which is synchronised when it returns.
ROIKIT_FN void prepare(int64 k, const acc_t* box, feature_t* output, int64* status, const PoolingParams& params,
                       Memory& memory, Prepared& slot) {
    const Roi roi = read_roi(box, params);
    Prepared mine;
    mine.result_is_nan = roi.refusal != 0;
    mine.height = params.heights[0];
    mine.width = params.widths[0];
    mine.outside = (acc_t)params.extrapolation_value;
    mine.y = carve<Taps>(memory, params.bins_y);
    mine.x = carve<Taps>(memory, params.bins_x);
    const int points = params.bins_y + params.bins_x;
    ROIKIT_ROLLED for (int i = thread_of_block(); i < (mine.result_is_nan ? 0 : points); i += threads_of_block()) {
        const bool along_y = i < params.bins_y;
        const Axis axis = along_y ? roi.y : roi.x;
        const int p = along_y ? i : i - params.bins_y;
        (along_y ? mine.y : mine.x)[p] = taps_at(axis, p);
    }
    __syncthreads();
    choose_rows(roi, (int64)params.bins_y * params.bins_x, params, mine);
    mine.map = (const feature_t*)params.maps[0] + roi.image * params.channels * mine.height * mine.width;
    mine.output = output + k * params.channels * params.bins_y * params.bins_x;
    mine.gathers = CAN_GATHER;
    if (thread_of_block() == 0) {
        if (mine.result_is_nan) report(status, k, roi.refusal);
        slot = mine;
    }
    __syncthreads();
}

// Takes the channels from `channel` to `end` of a box that is not gathered.
ROIKIT_FN void pool_tile(const Prepared roi, const PoolingParams& params, int64 channel, int64 end, Memory) {
    if constexpr (LAYOUT == Layout::NHWC) {
        pool_channels_last(roi, params, channel, end);
    } else if constexpr (IN_ROWS) {
        crop_rows(roi, params, channel, end);
    }
}

#include "library/pooling/block.cuh"

extern "C" __global__ void __launch_bounds__(ROIKIT_THREADS, ROIKIT_FITTING_BLOCKS)
crop_and_resize_forward(const acc_t* boxes, const int64* number_of_rois, feature_t* output, unsigned char* workspace, int64* status,
                        const PoolingParams params) {
    pool_rois(boxes, number_of_rois, output, workspace, status, params);
}
