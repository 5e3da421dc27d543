// The average of the samples of each bin, in channels of its own. A block works out the taps of its RoIs once (geometry.cuh) and then
// pools them for a tile of channels of the output after the other, bin by bin (channels_last.cuh).
//
// Before come the geometry, sampling.cuh, and geometry.cuh, vectors.cuh and roi.cuh. The specialisation defines, besides the macros of
// numeric.cuh, sampling.cuh, modes.cuh, roi.cuh, vectors.cuh and selected.cuh:
//   ROIKIT_VECTOR      neighbouring channels of the output that a thread takes together (NHWC)
//   ROIKIT_THREADS     the most that a block may have on a GPU; ROIKIT_BLOCKS as many of such blocks must fit a multiprocessor
#pragma once

#include "library/pooling/common.cuh"
#include "library/pooling/lists.cuh"

constexpr int VECTOR = ROIKIT_VECTOR;
constexpr bool CAN_GATHER = LAYOUT == Layout::NCHW;

// `channels` are those of the output; the maps have as many for each bin.
struct PoolingParams {
    int64 maps[ROIKIT_LEVELS];    // addresses
    ROIKIT_ROI_FIELDS
    ROIKIT_GEOMETRY_FIELDS
    int capacity_y, capacity_x;   // entries in the lists of an axis
    ROIKIT_POOLING_FIELDS
};

// What a block knows of a RoI while it pools it; in the block's memory.
struct Prepared {
    Lists<Tap> y, x;
    const feature_t* map;        // of its image
    int height, width;
    feature_t* output;
    acc_t divisor;
    int row_begin, row_end;      // the rows of bins that this block pools
    int bins_y, bins_x;
    int64 channels;              // of the output
    int result_is_nan;
    int gathers;                 // NCHW: pooled bin by bin
};
static_assert(sizeof(Prepared) <= ROIKIT_PREPARED_BYTES, "a size that plans reckon with");

struct Bin {
    List y, x;
    int p, q;
};

#include "library/pooling/channels_last.cuh"
#include "library/pooling/selected.cuh"

// ---- a bin --------------------------------------------------------------------------------------------------------------

// PS-1 and RA-8: along memory first, as RoIAlign's bins, so that every bit is the same.
ROIKIT_FN Bin bin_of(const Prepared& roi, int p, int q) { return Bin{roi.y.lists[p], roi.x.lists[q], p, q}; }

template <int N> ROIKIT_FN Vector<N> pooled_bin(const Prepared& roi, const Steps& steps, const Bin& bin) {
    const Origin origin = origin_of(roi, steps.channel, bin.p, bin.q);
    constexpr bool ROWS = LAYOUT == Layout::NHWC;
    const Lists<Tap>&outer = ROWS ? roi.y : roi.x, &inner = ROWS ? roi.x : roi.y;
    const int64 outer_step = ROWS ? origin.row : origin.pixel, inner_step = ROWS ? origin.pixel : origin.row;
    const List of_outer = ROWS ? bin.y : bin.x, of_inner = ROWS ? bin.x : bin.y;
    const Tap *const outer_taps = outer.entries + of_outer.begin, *const inner_taps = inner.entries + of_inner.begin;
    Vector<N> sum = filled<N>((acc_t)0);
    ROIKIT_ROLLED for (int a = 0; a < of_outer.count; ++a) {
        const feature_t* const from = origin.at + outer_taps[a].index * outer_step;
        Vector<N> line = filled<N>((acc_t)0);
        ROIKIT_ROLLED for (int b = 0; b < of_inner.count; ++b) {
            line = multiply_add<N>(inner_taps[b].weight, load_apart<N>(from + inner_taps[b].index * inner_step, origin.lane), line);
        }
        sum = multiply_add<N>(outer_taps[a].weight, line, sum);
    }
    return sum / roi.divisor;
}

// ---- preparation --------------------------------------------------------------------------------------------------------

// Called by all threads of the block, which is synchronised when it returns.
ROIKIT_FN void prepare(int64 k, const acc_t* box, feature_t* output, int64* status, const PoolingParams& params,
                       Memory& memory, Prepared& slot) {
    const Roi roi = read_roi(box, params);
    Prepared mine;
    mine.height = params.heights[roi.level];
    mine.width = params.widths[roi.level];
    mine.bins_y = params.bins_y;
    mine.bins_x = params.bins_x;
    mine.channels = params.channels;
    mine.y = carve_lists<Tap>(memory, params.bins_y, params.capacity_y);
    mine.x = carve_lists<Tap>(memory, params.bins_x, params.capacity_x);
    choose_rows(roi, (int64)roi.y.taken * params.bins_y * roi.x.taken * params.bins_x, params, mine);
    bool refused = roi.refusal != 0;
    if (!refused && mine.row_begin < mine.row_end) refused = !build_lists(roi.y, roi.x, mine.y, mine.x);
    const acc_t samples = roi.y.grid * roi.x.grid;
    mine.result_is_nan = refused || (EMPTY_GRID == EmptyGrid::nan && samples == (acc_t)0);
    mine.divisor = samples < (acc_t)1 ? (acc_t)1 : samples;
    mine.map = image_of(roi, params, mine.height, mine.width);
    mine.output = output + k * params.channels * params.bins_y * params.bins_x;
    mine.gathers = CAN_GATHER;
    if (thread_of_block() == 0) {
        if (refused) report(status, k, roi.refusal ? roi.refusal : TOO_FAR);
        slot = mine;
    }
    __syncthreads();
}

#include "library/pooling/block.cuh"
