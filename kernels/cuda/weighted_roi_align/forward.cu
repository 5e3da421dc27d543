// Weighted RoIAlign, forward, and what gradients need of it: sums of pixels times their weights, bin by bin, with RoIAlign's taps; or the
// maxima of its samples between such pixels. A block works out taps or samples of its RoIs once (geometry.cuh) and then pools them for a
// tile of channels after the other (channels_last.cuh).
//
// `wanted` says what is written for each bin: its output; or, with what arrives there, what it is a share of (SW-6), or what is taken
// from its pixels (SW-7).
//
// The specialisation defines, besides the macros of numeric.cuh, sampling.cuh, modes.cuh, roi.cuh and vectors.cuh:
//   ROIKIT_VECTOR      neighbouring channels that a thread takes together (NHWC)
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
#include "weighted_roi_align/weights.cuh"

constexpr int VECTOR = ROIKIT_VECTOR;
constexpr bool CAN_GATHER = LAYOUT == Layout::NCHW;

// `problem.py` numbers them as they come; of a RoI that is on no level of a pyramid nothing is wanted.
enum class Wanted { output, share, taken, nothing };

struct PoolingParams {
    int64 maps[ROIKIT_LEVELS];    // addresses, one for each level
    int64 weights[ROIKIT_LEVELS]; // likewise
    int64 grad[ROIKIT_LEVELS];    // what arrives, alike for all levels; it is read if something else than the output is wanted
    ROIKIT_ROI_FIELDS
    ROIKIT_GEOMETRY_FIELDS
    int capacity_y, capacity_x;   // entries in the lists of an axis
    ROIKIT_POOLING_FIELDS
    ROIKIT_WEIGHT_FIELDS
    int wanted;
};

#include "library/pooling/entry.cuh"

// What a block knows of a RoI while it pools it; in the block's memory.
struct Prepared {
    Lists<Entry> y, x;
    const feature_t* map;        // of its image
    const feature_t* weights;    // its own, or of its image; where they are of each channel they lie as the map does
    const feature_t* grad;       // what arrives at it, which lies as the output does
    int height, width;
    feature_t* output;
    acc_t divisor, epsilon;      // the number of samples, and epsilon times that
    int row_begin, row_end;      // the rows of bins that this block pools
    int bins_y, bins_x;
    int taken_y, taken_x;
    int64 channels;
    int result_is_nan;
    int gathers;                 // NCHW: pooled bin by bin
    int each, normalise, guard, wanted;
};
static_assert(sizeof(Prepared) <= ROIKIT_PREPARED_BYTES, "a size that forward.py reckons with");

#include "library/pooling/start_of_maximum.cuh"

// A bin, and the sum of its weights if all channels have the same.
struct Bin {
    List y, x;
    int p, q;
    acc_t total;
};

#include "library/pooling/channels_last.cuh"
#include "library/pooling/with_sample.cuh"

#ifdef ROIKIT_PREFETCH
// Bins are read pixel after pixel, which a CPU foresees.
ROIKIT_FN void prefetch_bin(const Prepared&, const Steps&, int, int, int64) {}
#endif

// ---- sums -----------------------------------------------------------------------------------------------------------------

// The taps of a bin, in the order of RoIAlign's sums: along memory first.
constexpr bool ROWS = LAYOUT == Layout::NHWC;

struct Taps {
    const Tap *outer, *inner;
    int outers, inners;
};

ROIKIT_FN Taps taps_of(const Bin& bin, const Tap* y, const Tap* x) {
    return ROWS ? Taps{y, x, bin.y.count, bin.x.count} : Taps{x, y, bin.x.count, bin.y.count};
}

// The sum of weights that all channels have.
ROIKIT_FN acc_t total_of(const Prepared& roi, const Bin& bin, const Tap* y, const Tap* x) {
    const Taps taps = taps_of(bin, y, x);
    const int64 outer_step = ROWS ? roi.width : 1, inner_step = ROWS ? 1 : roi.width;
    acc_t sum = (acc_t)0;
    ROIKIT_ROLLED for (int a = 0; a < taps.outers; ++a) {
        const feature_t* const from = roi.weights + taps.outer[a].index * outer_step;
        acc_t line = (acc_t)0;
        ROIKIT_ROLLED for (int b = 0; b < taps.inners; ++b) {
            line = multiply_add(taps.inner[b].weight, widen(from[taps.inner[b].index * inner_step]), line);
        }
        sum = multiply_add(taps.outer[a].weight, line, sum);
    }
    return sum;
}

// A maximum is divided by nothing.
ROIKIT_FN acc_t total_of(const Prepared&, const Bin& bin, const Sample*, const Sample*) { return bin.total; }

ROIKIT_FN const Entry* entries_of(const Lists<Entry>& axis, const List& list) { return axis.entries + list.begin; }

ROIKIT_FN Bin bin_of(const Prepared& roi, int p, int q) {
    Bin bin = {roi.y.lists[p], roi.x.lists[q], p, q, (acc_t)1};
    if (roi.normalise && !roi.each) bin.total = total_of(roi, bin, entries_of(roi.y, bin.y), entries_of(roi.x, bin.x));
    return bin;
}

// Of some channels of a bin the sums of pixels times their weights, and of the weights if these are of each channel.
template <int N> struct Sums {
    Vector<N> pixels, weights;
};

// From a pixel to its weight, if weights are of each channel, in bytes.
ROIKIT_FN int64 beside(const Prepared& roi) { return (int64)roi.weights - (int64)roi.map; }

template <int N> ROIKIT_FN Sums<N> sums_of(const Prepared& roi, const Steps& steps, const Bin& bin, const Tap* y, const Tap* x) {
    const Taps taps = taps_of(bin, y, x);
    const int64 to_weight = beside(roi);
    const bool of_pixels = roi.wanted != (int)Wanted::share;   // of which a share needs none
    Sums<N> sums = {filled<N>((acc_t)0), filled<N>((acc_t)0)};
    ROIKIT_ROLLED for (int a = 0; a < taps.outers; ++a) {
        Vector<N> line = filled<N>((acc_t)0), of_weights = line;
        ROIKIT_ROLLED for (int b = 0; b < taps.inners; ++b) {
            const int row = ROWS ? taps.outer[a].index : taps.inner[b].index, column = ROWS ? taps.inner[b].index : taps.outer[a].index;
            const feature_t* const from = at_column(at_row(steps, row), steps, column);
            if (roi.each) {
                const Vector<N> weight = load_channels<N>(bytes_after(from, to_weight), steps);
                if (of_pixels) line = multiply_add<N>(taps.inner[b].weight, weight * load_channels<N>(from, steps), line);
                of_weights = multiply_add<N>(taps.inner[b].weight, weight, of_weights);
            } else if (of_pixels) {
                const acc_t weight = widen(roi.weights[(int64)row * roi.width + column]);
                line = multiply_add<N>(taps.inner[b].weight, weight * load_channels<N>(from, steps), line);
            }
        }
        sums.pixels = multiply_add<N>(taps.outer[a].weight, line, sums.pixels);
        if (roi.each) sums.weights = multiply_add<N>(taps.outer[a].weight, of_weights, sums.weights);
    }
    return sums;
}

// ---- results --------------------------------------------------------------------------------------------------------------

template <int N> ROIKIT_FN Vector<N> arriving(const Prepared& roi, const Steps& steps, const Bin& bin) {
    const int64 bins = (int64)roi.bins_y * roi.bins_x, place = (int64)bin.p * roi.bins_x + bin.q;
    Steps there = steps;
    there.lane = bins * (int64)sizeof(feature_t);
    return load_channels<N>(roi.grad + (ROWS ? place * roi.channels + steps.channel : steps.channel * bins + place), there);
}

// One channel of a bin whose weights add up to `total`, and weighted pixels to `sum`, neither divided by the number of samples.
ROIKIT_FN acc_t result_of(const Prepared& roi, acc_t sum, acc_t total, acc_t grad) {
    const acc_t divisor = roi.normalise ? guarded(total, roi.guard, roi.epsilon) : roi.divisor;
    if (roi.normalise && is_nothing(divisor, roi.guard)) return (acc_t)0;
    if (roi.wanted == (int)Wanted::output) return sum / divisor;
    // Gradients divide by the number of samples themselves.
    const acc_t share = roi.normalise ? grad / (divisor / roi.divisor) : grad;
    if (roi.wanted == (int)Wanted::share) return share;
    const bool is_held = !roi.normalise || (roi.guard == (int)Guard::clamp && total < roi.epsilon);
    return is_held ? (acc_t)0 : share * (sum / divisor);
}

template <int N> ROIKIT_FN Vector<N> pool_bin(const Prepared& roi, const Steps& steps, const Bin& bin, const Tap* y, const Tap* x) {
    const Sums<N> sums = sums_of<N>(roi, steps, bin, y, x);
    if (!roi.normalise && roi.wanted == (int)Wanted::output) return sums.pixels / roi.divisor;
    acc_t pixels[N], totals[N], grads[N];
    write_vector<N>(sums.pixels, pixels);
    for (int v = 0; v < N; ++v) totals[v] = bin.total, grads[v] = (acc_t)0;
    if (roi.normalise && roi.each) write_vector<N>(sums.weights, totals);
    if (roi.wanted != (int)Wanted::output) write_vector<N>(arriving<N>(roi, steps, bin), grads);
    for (int v = 0; v < N; ++v) pixels[v] = result_of(roi, pixels[v], totals[v], grads[v]);
    return read_vector<N>(pixels);
}

// ---- SW-13: the maximum -----------------------------------------------------------------------------------------------------

template <int N> ROIKIT_FN Vector<N> weighed_pixel(const Prepared& roi, const Steps& steps, int row, int column) {
    const feature_t* const from = at_column(at_row(steps, row), steps, column);
    const Vector<N> pixel = load_channels<N>(from, steps);
    if (roi.each) return load_channels<N>(bytes_after(from, beside(roi)), steps) * pixel;
    return widen(roi.weights[(int64)row * roi.width + column]) * pixel;
}

template <int N>
ROIKIT_FN Vector<N> pool_bin(const Prepared& roi, const Steps& steps, const Bin& bin, const Sample* y, const Sample* x) {
    if (roi.wanted != (int)Wanted::output) return arriving<N>(roi, steps, bin);  // of which all goes to the winner
    Vector<N> best = filled<N>(start_of_maximum(roi, bin.y.count, bin.x.count));
    ROIKIT_ROLLED for (int a = 0; a < bin.y.count; ++a) {
        ROIKIT_ROLLED for (int b = 0; b < bin.x.count; ++b) {
            const Vector<N> c00 = weighed_pixel<N>(roi, steps, y[a].low, x[b].low);
            const Vector<N> c01 = weighed_pixel<N>(roi, steps, y[a].low, x[b].high);
            const Vector<N> c10 = weighed_pixel<N>(roi, steps, y[a].high, x[b].low);
            const Vector<N> c11 = weighed_pixel<N>(roi, steps, y[a].high, x[b].high);
            best = with_sample<N>(best, y[a], x[b], c00, c01, c10, c11);
        }
    }
    return best;
}

template <int N> ROIKIT_FN Vector<N> pooled_bin(const Prepared& roi, const Steps& steps, const Bin& bin) {
    if (LEVELS > 1 && roi.wanted == (int)Wanted::nothing) return filled<N>((acc_t)0);
    return pool_bin<N>(roi, steps, bin, entries_of(roi.y, bin.y), entries_of(roi.x, bin.x));
}

// ---- preparation ----------------------------------------------------------------------------------------------------------

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
    mine.y = carve_lists<Entry>(memory, params.bins_y, params.capacity_y);
    mine.x = carve_lists<Entry>(memory, params.bins_x, params.capacity_x);
    choose_rows(roi, (int64)roi.y.taken * params.bins_y * roi.x.taken * params.bins_x, params, mine);
    bool refused = roi.refusal != 0;
    if (!refused && mine.row_begin < mine.row_end) refused = !build_lists(roi.y, roi.x, mine.y, mine.x);
    mine.taken_y = roi.y.taken;
    mine.taken_x = roi.x.taken;
    const acc_t samples = roi.y.grid * roi.x.grid;
    mine.result_is_nan = refused || (MODE == Mode::avg && EMPTY_GRID == EmptyGrid::nan && samples == (acc_t)0);
    mine.divisor = samples < (acc_t)1 ? (acc_t)1 : samples;
    mine.epsilon = (acc_t)params.epsilon * mine.divisor;
    const int64 pixels = (int64)mine.height * mine.width, outputs = params.channels * params.bins_y * params.bins_x;
    mine.map = (const feature_t*)params.maps[roi.level] + roi.image * params.channels * pixels;
    mine.weights = (const feature_t*)params.weights[roi.level] + (params.of_rois ? k : roi.image) * params.weight_channels * pixels;
    mine.grad = (const feature_t*)params.grad[0] + k * outputs;
    mine.output = output + k * outputs;
    mine.gathers = CAN_GATHER;
    mine.each = params.weight_channels != 1;
    mine.normalise = params.normalise;
    mine.guard = params.guard;
    mine.wanted = LEVELS > 1 && level_of(box, params) < 0 ? (int)Wanted::nothing : params.wanted;
    if (thread_of_block() == 0) {
        if (refused) report(status, k, roi.refusal ? roi.refusal : TOO_FAR);
        slot = mine;
    }
    __syncthreads();
}

// Pools the channels from `channel` to `end` of a RoI that is not gathered.
ROIKIT_FN void pool_tile(const Prepared roi, const PoolingParams& params, int64 channel, int64 end, Memory) {
    if constexpr (LAYOUT == Layout::NHWC) pool_channels_last(roi, params, channel, end);
}

#include "library/pooling/block.cuh"

extern "C" __global__ void __launch_bounds__(ROIKIT_THREADS, ROIKIT_FITTING_BLOCKS)
weighted_roi_align_forward(const acc_t* boxes, const int64* number_of_rois, feature_t* output, unsigned char* workspace,
                           int64* status, const PoolingParams params) {
    pool_rois(boxes, number_of_rois, output, workspace, status, params);
}
