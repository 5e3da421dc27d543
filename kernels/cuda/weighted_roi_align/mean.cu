// Weighted RoIAlign, forward, where a bin is a mean of its samples that is no sum (SW-14, SW-15), and what gradients need of it. A block works
// out samples of its RoIs once (runs.cuh) and then pools them for a tile of channels after the other (channels_last.cuh).
//
// `wanted` says what is written for each bin: its output; or what mean.cuh says of `share`, `scale` and `centre`.
//
// The specialisation defines, besides the macros of numeric.cuh, sampling.cuh, modes.cuh, roi.cuh, vectors.cuh and mean.cuh:
//   ROIKIT_VECTOR      neighbouring channels that a thread takes together (NHWC)
//   ROIKIT_THREADS     the most that a block may have on a GPU; ROIKIT_BLOCKS as many of such blocks must fit a multiprocessor
#include "library/numeric.cuh"
#include "library/sampling.cuh"
#include "weighted_roi_align/mean.cuh"
#include "library/modes.cuh"
#include "library/geometry.cuh"
#include "library/vectors.cuh"
#include "library/roi.cuh"
#include "library/pooling/common.cuh"
#include "library/pooling/lists.cuh"

constexpr int VECTOR = ROIKIT_VECTOR;
#ifdef __CUDA_ARCH__
constexpr bool CAN_GATHER = LAYOUT == Layout::NCHW;
#else
constexpr bool CAN_GATHER = false;
#endif

enum class Wanted { output, share, scale, centre };  // `means.py` numbers them as they come

struct PoolingParams {
    int64 maps[ROIKIT_LEVELS];    // addresses, one for each level
    int64 weights[ROIKIT_LEVELS]; // likewise
    int64 grad[ROIKIT_LEVELS];    // what arrives, alike for all levels; it is read if a share is wanted
    ROIKIT_ROI_FIELDS
    ROIKIT_GEOMETRY_FIELDS
    int capacity_y, capacity_x;   // entries in the lists of an axis
    ROIKIT_POOLING_FIELDS
    int64 weight_channels;        // one for all, or as many as the maps have
    int of_rois;                  // whether there are weights for each RoI, and not for each image
    int wanted;
};

// A sample along an axis, and how many there are that read the same; its size is that of `_ENTRY_BYTES` in means.py.
struct alignas(8) Entry {
    Sample at;
    int times, unused;
};

ROIKIT_FN Ranks listed_ranks(const Axis&, int, const Entry*) { return Ranks{0, 0}; }  // not by ranks, but by runs
ROIKIT_FN int list_bound(const Axis& axis, int p, const Ranks&, const Entry*) { return runs_of(axis, p).count(); }

ROIKIT_FN int fill_list(const Axis& axis, int p, const Ranks&, Entry* entries) {
    const Runs runs = runs_of(axis, p);
    ROIKIT_ROLLED for (int i = 0; i < runs.count(); ++i) {
        const Run run = run_at(runs, i);
        entries[i] = Entry{sample_at(axis, p, run.rank), run.times, 0};
    }
    return runs.count();
}

// What a block knows of a RoI while it pools it; in the block's memory.
struct Prepared {
    Lists<Entry> y, x;
    const feature_t* map;        // of its image
    const feature_t* weights;    // its own, or of its image; where they are of each channel they lie as the map does
    const feature_t* grad;       // what arrives at it, which lies as the output does
    int height, width;
    feature_t* output;
    acc_t samples, parameter;    // how many a bin has
    int row_begin, row_end;      // the rows of bins that this block pools
    int bins_y, bins_x;
    int taken_y, taken_x;
    int64 channels;
    int result_is_nan;
    int gathers;                 // NCHW: pooled bin by bin
    int each, wanted;
};
static_assert(sizeof(Prepared) <= ROIKIT_PREPARED_BYTES && sizeof(Entry) == ROIKIT_ENTRY_BYTES, "sizes that means.py reckons with");

// A bin, and how many of its samples are outside, or are counted and not taken: their value is 0.
struct Bin {
    List y, x;
    int p, q;
    acc_t outside;
};

#include "library/pooling/channels_last.cuh"

#ifdef ROIKIT_PREFETCH
// Bins are read pixel after pixel, which a CPU foresees.
ROIKIT_FN void prefetch_bin(const Prepared&, const Steps&, int, int, int64) {}
#endif

ROIKIT_FN Bin bin_of(const Prepared& roi, int p, int q) {
    const List y = roi.y.lists[p], x = roi.x.lists[q];
    const acc_t inside = OUTSIDE == Outside::zero ? (acc_t)y.count * (acc_t)x.count : (acc_t)roi.taken_y * (acc_t)roi.taken_x;
    return Bin{y, x, p, q, roi.samples - inside};
}

template <int N> ROIKIT_FN Vector<N> weighed_pixel(const Prepared& roi, const Steps& steps, int row, int column) {
    const feature_t* const from = at_column(at_row(steps, row), steps, column);
    const Vector<N> pixel = load_channels<N>(from, steps);
    if (roi.each) return load_channels<N>(bytes_after(from, (int64)roi.weights - (int64)roi.map), steps) * pixel;
    return widen(roi.weights[(int64)row * roi.width + column]) * pixel;
}

// `seen(values, times)` is told of all samples of a bin in order: what N channels have there, and how often that counts.
template <int N, class Seen> ROIKIT_FN void see_samples(const Prepared& roi, const Steps& steps, const Bin& bin, const Seen& seen) {
    const Entry* const ys = roi.y.entries + bin.y.begin;
    const Entry* const xs = roi.x.entries + bin.x.begin;
    acc_t values[N];
    ROIKIT_ROLLED for (int a = 0; a < bin.y.count; ++a) {
        const Sample y = ys[a].at;
        ROIKIT_ROLLED for (int b = 0; b < bin.x.count; ++b) {
            const Sample x = xs[b].at;
            const Vector<N> c00 = weighed_pixel<N>(roi, steps, y.low, x.low), c01 = weighed_pixel<N>(roi, steps, y.low, x.high);
            const Vector<N> c10 = weighed_pixel<N>(roi, steps, y.high, x.low), c11 = weighed_pixel<N>(roi, steps, y.high, x.high);
            write_vector<N>(between(y, x, c00, c01, c10, c11), values);
            seen(values, (acc_t)ys[a].times * (acc_t)xs[b].times);
        }
    }
    if (bin.outside > (acc_t)0) {
        for (int v = 0; v < N; ++v) values[v] = (acc_t)0;
        seen(values, bin.outside);
    }
}

template <int N> ROIKIT_FN Vector<N> arriving(const Prepared& roi, const Steps& steps, const Bin& bin) {
    const bool last = LAYOUT == Layout::NHWC;
    const int64 bins = (int64)roi.bins_y * roi.bins_x, place = (int64)bin.p * roi.bins_x + bin.q;
    Steps there = steps;
    there.lane = bins * (int64)sizeof(feature_t);
    return load_channels<N>(roi.grad + (last ? place * roi.channels + steps.channel : steps.channel * bins + place), there);
}

// ---- SW-14 ----------------------------------------------------------------------------------------------------------------

// What powers are relative to, so that none overflows: the greatest value; with p = 1 a power of two, so that nothing is rounded.
ROIKIT_FN acc_t scale_of(acc_t greatest, acc_t p) {
    if (p != (acc_t)1 || !(greatest < infinity())) return greatest;
    if (!(greatest > power_of_two(LEAST_EXPONENT))) return power_of_two(LEAST_EXPONENT);
    plain_t part;
    return power_of_two(split((plain_t)greatest, part));
}

template <int N> ROIKIT_FN Vector<N> power_mean(const Prepared& roi, const Steps& steps, const Bin& bin) {
    acc_t greatest[N], scale[N], sums[N];
    for (int v = 0; v < N; ++v) greatest[v] = sums[v] = (acc_t)0;
    see_samples<N>(roi, steps, bin, [&](const acc_t* values, acc_t) {
        for (int v = 0; v < N; ++v) greatest[v] = larger(greatest[v], magnitude(values[v]));
    });
    const acc_t p = roi.parameter;
    for (int v = 0; v < N; ++v) scale[v] = scale_of(greatest[v], p);
    see_samples<N>(roi, steps, bin, [&](const acc_t* values, acc_t times) {
        for (int v = 0; v < N; ++v) {
            const acc_t ratio = magnitude(values[v]) / scale[v];
            sums[v] = multiply_add(times, p == (acc_t)1 ? ratio : raised(ratio, p), sums[v]);
        }
    });
    for (int v = 0; v < N; ++v) {
        const bool is_plain = greatest[v] > (acc_t)0 && greatest[v] < infinity();  // and no NaN
        const acc_t mean = sums[v] / roi.samples;
        acc_t root = p == (acc_t)1 ? mean : is_plain ? two_to(log2_of(mean) / p) : mean;
        if (p != (acc_t)1 && root > (acc_t)1) root = (acc_t)1;
        const acc_t output = is_plain ? scale[v] * root : greatest[v];
        sums[v] = roi.wanted == (int)Wanted::scale ? scale[v] : roi.wanted == (int)Wanted::centre ? root : output;
    }
    return read_vector<N>(sums);
}

// ---- SW-15 ----------------------------------------------------------------------------------------------------------------

// Numbers from here on are made smaller before they are added up, so that no sum of fewer than 2^31 overflows.
ROIKIT_FN acc_t shrinking(acc_t greatest) { return greatest >= power_of_two(-LEAST_EXPONENT - 32) ? power_of_two(-32) : (acc_t)1; }

template <int N> ROIKIT_FN Vector<N> softmax_mean(const Prepared& roi, const Steps& steps, const Bin& bin) {
    const acc_t beta = roi.parameter;
    acc_t top[N], greatest[N], totals[N], sums[N];
    for (int v = 0; v < N; ++v) top[v] = -infinity(), greatest[v] = totals[v] = sums[v] = (acc_t)0;
    see_samples<N>(roi, steps, bin, [&](const acc_t* values, acc_t) {
        for (int v = 0; v < N; ++v) {
            top[v] = larger(top[v], beta < (acc_t)0 ? -values[v] : values[v]);
            greatest[v] = larger(greatest[v], magnitude(values[v]));
        }
    });
    for (int v = 0; v < N; ++v) top[v] = beta < (acc_t)0 ? -top[v] : top[v];
    see_samples<N>(roi, steps, bin, [&](const acc_t* values, acc_t times) {
        for (int v = 0; v < N; ++v) {
            const acc_t weight = times * exponential(values[v], top[v], beta);
            totals[v] += weight;
            sums[v] = multiply_add(weight, shrinking(greatest[v]) * values[v], sums[v]);
        }
    });
    for (int v = 0; v < N; ++v) {
        acc_t output = sums[v] / totals[v] / shrinking(greatest[v]);
        if (output > greatest[v]) output = greatest[v];
        if (output < -greatest[v]) output = -greatest[v];
        sums[v] = roi.wanted == (int)Wanted::share ? totals[v] : roi.wanted == (int)Wanted::scale ? top[v] : output;
    }
    return read_vector<N>(sums);
}

// ---- bins -----------------------------------------------------------------------------------------------------------------

template <int N> ROIKIT_FN Vector<N> pooled_bin(const Prepared& roi, const Steps& steps, const Bin& bin) {
    if (roi.taken_y < 1 || roi.taken_x < 1) return filled<N>((acc_t)0);
    if constexpr (MEAN == Mean::lp) {
        if (roi.wanted == (int)Wanted::share) return arriving<N>(roi, steps, bin) / roi.samples;
        return power_mean<N>(roi, steps, bin);
    } else {
        const Vector<N> found = softmax_mean<N>(roi, steps, bin);
        if (roi.wanted != (int)Wanted::share) return found;
        acc_t totals[N], grads[N];
        write_vector<N>(found, totals);
        write_vector<N>(arriving<N>(roi, steps, bin), grads);
        for (int v = 0; v < N; ++v) grads[v] = grads[v] / totals[v];
        return read_vector<N>(grads);
    }
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
    mine.samples = roi.y.grid * roi.x.grid;
    mine.parameter = (acc_t)params.parameter;
    mine.result_is_nan = refused || (EMPTY_GRID == EmptyGrid::nan && mine.samples == (acc_t)0);
    const int64 pixels = (int64)mine.height * mine.width, outputs = params.channels * params.bins_y * params.bins_x;
    mine.map = (const feature_t*)params.maps[roi.level] + roi.image * params.channels * pixels;
    mine.weights = (const feature_t*)params.weights[roi.level] + (params.of_rois ? k : roi.image) * params.weight_channels * pixels;
    mine.grad = (const feature_t*)params.grad[0] + k * outputs;
    mine.output = output + k * outputs;
    mine.gathers = CAN_GATHER;
    mine.each = params.weight_channels != 1;
    mine.wanted = params.wanted;
    if (thread_of_block() == 0) {
        if (refused) report(status, k, roi.refusal ? roi.refusal : TOO_FAR);
        slot = mine;
    }
    __syncthreads();
}

#ifndef __CUDA_ARCH__
// With channels first, too, a CPU takes many of them through a bin together, for powers take longer than what is read.
template <int N> ROIKIT_FN void pool_channels_first(const Prepared& roi, const PoolingParams& params, int64 channel, int64 end) {
    if (ROIKIT_RARELY(roi.result_is_nan)) return fill_with_nan(roi, params, channel, end);
    const int64 size = sizeof(feature_t), row = roi.width * size, plane = roi.height * row;
    const Steps steps = {roi.map + channel * (plane / size), channel, row, (int)size, plane, 0};
    const int first = roi.row_begin * params.bins_x, stop = roi.row_end * params.bins_x;
    for (int bin = first + thread_of_block(); bin < stop; bin += threads_of_block()) {
        const Bin here = bin_of(roi, bin / params.bins_x, bin % params.bins_x);
        pool_vectors<N>(roi, steps, here, end, roi.output + bin, (int64)params.bins_y * params.bins_x * size);
    }
}
#endif

// Pools the channels from `channel` to `end` of a RoI that is not gathered.
ROIKIT_FN void pool_tile(const Prepared roi, const PoolingParams& params, int64 channel, int64 end, Memory) {
    if constexpr (LAYOUT == Layout::NHWC) pool_channels_last(roi, params, channel, end);
#ifndef __CUDA_ARCH__
    constexpr int lanes = LAYOUT == Layout::NCHW ? 16 : 1;  // as many as the widest registers have
    if (LAYOUT == Layout::NCHW) pool_channels_first<lanes>(roi, params, channel, end);
#endif
}

#include "library/pooling/block.cuh"

extern "C" __global__ void __launch_bounds__(ROIKIT_THREADS, ROIKIT_FITTING_BLOCKS)
weighted_roi_align_forward(const acc_t* boxes, const int64* number_of_rois, feature_t* output, unsigned char* workspace,
                           int64* status, const PoolingParams params) {
    pool_rois(boxes, number_of_rois, output, workspace, status, params);
}
