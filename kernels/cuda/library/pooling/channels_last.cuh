// Pooling bin by bin: a thread takes a vector of channels of a bin through the bin's taps or samples. With channels last in memory
// these are neighbours; with channels first neighbouring threads take neighbouring bins.
#pragma once

// Channels that a thread takes through a bin together, if they come first in memory. Twice as many would take fewer instructions, and
// more registers; and a block's part of the cache would have to hold twice as many windows.
constexpr int GATHERED = 4;

// How many channels that is if they come last: a vector, or two on a GPU, where what is worked out for each pixel then serves both, and
// both are on their way at once. Between the two lie the first vectors of the thread's neighbours, which memory brings along.
constexpr int TOGETHER = ROIKIT_TOGETHER;
static_assert(TOGETHER == VECTOR || (TOGETHER == 2 * VECTOR && ALIGNED && LAYOUT == Layout::NHWC), "one vector or two aligned ones");

// How a vector of channels lies in the map. Distances are in bytes.
struct Steps {
    const feature_t* origin;  // the vector of the map's first pixel
    int64 channel;            // the first of the vector
    int64 row;                // to the next row
    int pixel;                // to the next pixel
    int64 lane;               // NCHW: to the next channel
    int64 apart;              // NHWC: from the first half of a vector to the second, if both are there
};

template <class T> ROIKIT_FN T* bytes_after(T* from, int64 bytes) { return (T*)((int64)from + bytes); }

template <int N> ROIKIT_FN Vector<N> joined(const Vector<N / 2>& first, const Vector<N / 2>& second) {
    Vector<N> result;
    for (int i = 0; i < N / 2; ++i) result.part[i] = first.part[i], result.part[N / 2 + i] = second.part[i];
    return result;
}

template <int N> ROIKIT_FN Vector<N> load_channels(const feature_t* from, const Steps& steps) {
    if constexpr (LAYOUT == Layout::NHWC && N > VECTOR) {
        return joined<N>(load<N / 2>(from), load<N / 2>(bytes_after(from, steps.apart)));
    } else if constexpr (LAYOUT == Layout::NHWC) {
        return load<N>(from);
    } else if constexpr (Vector<N>::WIDE) {
        acc_t values[N];
        for (int v = 0; v < N; ++v) values[v] = widen(*bytes_after(from, v * steps.lane));
        return read_vector<N>(values);
    } else {
        Vector<N> result;
        for (int v = 0; v < N; ++v, from = bytes_after(from, steps.lane)) result.part[v] = fetch(from);
        return result;
    }
}

ROIKIT_FN const feature_t* bytes_from(const feature_t* origin, int count, int bytes) {
    return (const feature_t*)wide_sum((int64)origin, count, bytes);
}

ROIKIT_FN const feature_t* at_row(const Steps& steps, int row) {
    // With channels first a row has less than 2^31 bytes.
    return LAYOUT == Layout::NCHW ? bytes_from(steps.origin, row, (int)steps.row) : bytes_after(steps.origin, row * steps.row);
}

ROIKIT_FN const feature_t* at_column(const feature_t* row, const Steps& steps, int column) {
    return bytes_from(row, column, steps.pixel);
}

// What a thread has to know of bin (p, q), once for all its channels; its value for some of them, which the operator reads and finishes;
// and on a CPU, if it can, asks for the pixels of beforehand.
ROIKIT_FN Bin bin_of(const Prepared& roi, int p, int q);
template <int N> ROIKIT_FN Vector<N> pooled_bin(const Prepared& roi, const Steps& steps, const Bin& bin);
#ifdef ROIKIT_PREFETCH
ROIKIT_FN void prefetch_bin(const Prepared& roi, const Steps& steps, int p, int q, int64 end);
#endif

// ---- bins × channels --------------------------------------------------------------------------------------------------

// The channels from `channel` to `end` of all bins of this block, of a RoI that has no result.
ROIKIT_FN void fill_with_nan(const Prepared& roi, const PoolingParams& params, int64 channel, int64 end) {
    const int64 first = (int64)roi.row_begin * params.bins_x, stop = (int64)roi.row_end * params.bins_x;
    const int64 all = (int64)params.bins_y * params.bins_x;
    ROIKIT_ROLLED for (int64 bin = first + thread_of_block(); bin < stop; bin += threads_of_block()) {
        ROIKIT_ROLLED for (int64 c = channel; c < end; ++c) {
            narrow(quiet_nan(), roi.output[LAYOUT == Layout::NHWC ? bin * params.channels + c : c * all + bin]);
        }
    }
}

// Writes a vector of channels of a bin, the first at `to`; `lane` bytes lie between two channels of the output.
template <int N> ROIKIT_FN void store_channels(const Vector<N>& from, feature_t* to, const Steps& steps, int64 lane) {
    if constexpr (LAYOUT == Layout::NHWC && N > VECTOR) {
        Vector<N / 2> first, second;
        for (int i = 0; i < N / 2; ++i) first.part[i] = from.part[i], second.part[i] = from.part[N / 2 + i];
        store<N / 2>(first, to);
        store<N / 2>(second, bytes_after(to, steps.apart));
    } else if constexpr (LAYOUT == Layout::NHWC) {
        store<N>(from, to);
    } else if constexpr (Vector<N>::WIDE) {
        acc_t values[N];
        write_vector<N>(from, values);
        for (int v = 0; v < N; ++v) narrow(values[v], *bytes_after(to, v * lane));
    } else {
        for (int v = 0; v < N; ++v, to = bytes_after(to, lane)) write_once(from.part[v], to);
    }
}

ROIKIT_FN void skip_channels(Steps& steps, int count) {
    steps.channel += count;
    steps.origin = LAYOUT == Layout::NHWC ? steps.origin + count : bytes_after(steps.origin, count * steps.lane);
}

// Pools the channels from `steps.channel` to `end`, a short last vector in pieces. Aligned vectors are never short. The first channel of
// the bin is at `to`, each other one `lane` bytes on.
template <int N>
ROIKIT_FN void pool_vectors(const Prepared& roi, Steps steps, const Bin& bin, int64 end, feature_t* to, int64 lane = sizeof(feature_t)) {
    ROIKIT_ROLLED for (; steps.channel + N <= end; skip_channels(steps, N)) {
        store_channels<N>(pooled_bin<N>(roi, steps, bin), bytes_after(to, steps.channel * lane), steps, lane);
    }
    if constexpr (N > 1 && !ALIGNED) pool_vectors<(N > 4 ? N / 4 : 1)>(roi, steps, bin, end, to, lane);
}

// Which bin a thread takes, and how far it is to its next one.
struct Turn {
    int p, q, down, along, bins_x;

    ROIKIT_METHOD Turn(int first_row, int bins_x)
        : p(first_row + threadIdx.y / bins_x), q(threadIdx.y % bins_x), down(blockDim.y / bins_x), along(blockDim.y % bins_x),
          bins_x(bins_x) {}

    ROIKIT_METHOD void next() {
        p += down, q += along;
        if (q >= bins_x) q -= bins_x, ++p;
    }
};

#ifdef __CUDA_ARCH__
// Takes a vector of channels through the bins of a thread; the vector of the first is at `to`.
template <int N>
ROIKIT_FN void pool_bins(const Prepared& roi, const PoolingParams& params, const Steps& steps, Turn turn, int64 end, feature_t* to) {
    ROIKIT_ROLLED for (; turn.p < roi.row_end; turn.next(), to += blockDim.y * params.channels) {
        const Bin bin = bin_of(roi, turn.p, turn.q);
        if (ALIGNED || steps.channel + N <= end) {
            store_channels<N>(pooled_bin<N>(roi, steps, bin), to, steps, sizeof(feature_t));
        } else if constexpr (N > 1) {
            pool_vectors<(N > 4 ? N / 4 : 1)>(roi, steps, bin, end, to - steps.channel);
        }
    }
}
#endif

// Pools the channels from `channel` to `end`. Neighbouring threads along x take neighbouring vectors of channels.
ROIKIT_FN void pool_channels_last(const Prepared& roi, const PoolingParams& params, int64 channel, int64 end) {
    if (ROIKIT_RARELY(roi.result_is_nan)) return fill_with_nan(roi, params, channel, end);
    Steps steps;
    steps.pixel = (int)(params.channels * sizeof(feature_t));
    steps.row = held((int64)roi.width * steps.pixel);
    steps.channel = channel + (int64)threadIdx.x * VECTOR;
    steps.origin = roi.map + steps.channel;
    steps.apart = (int64)blockDim.x * VECTOR * (int64)sizeof(feature_t);
    Turn turn(roi.row_begin, params.bins_x);
    feature_t* to = roi.output + ((int64)turn.p * params.bins_x + turn.q) * params.channels;
#ifdef __CUDA_ARCH__
    // A tile has no more vectors than its threads take at once.
    if (steps.channel >= end) return;
    to += steps.channel;
    if (TOGETHER > VECTOR && steps.channel + blockDim.x * VECTOR < end) {
        pool_bins<TOGETHER>(roi, params, steps, turn, end, to);
    } else {
        pool_bins<VECTOR>(roi, params, steps, turn, end, to);
    }
#else
    while (turn.p < roi.row_end) {
        const Bin bin = bin_of(roi, turn.p, turn.q);
        turn.next();
#ifdef ROIKIT_PREFETCH
        if (turn.p < roi.row_end) prefetch_bin(roi, steps, turn.p, turn.q, end);
#endif
        for (Steps next = steps; next.channel < end; skip_channels(next, blockDim.x * VECTOR)) {
            pool_vectors<VECTOR>(roi, next, bin, next.channel + VECTOR < end ? next.channel + VECTOR : end, to);
        }
        to += blockDim.y * params.channels;
    }
#endif
}

// Pools the channels from `channel` to `end`, all first in memory. Neighbouring threads take neighbouring bins.
ROIKIT_FN void gather_channels(const Prepared roi, const PoolingParams& params, int64 channel, int64 end) {
    const int bins_x = params.bins_x, bins = (roi.row_end - roi.row_begin) * bins_x;
    if (bins <= 0) return;
    if (ROIKIT_RARELY(roi.result_is_nan)) return fill_with_nan(roi, params, channel, end);
    const int64 lane = held((int64)params.bins_y * bins_x * (int64)sizeof(feature_t));
    Steps steps;
    steps.pixel = sizeof(feature_t);
    steps.row = held(roi.width * (int)sizeof(feature_t));
    steps.lane = held(roi.height * steps.row);
    steps.channel = channel;
    steps.origin = bytes_after(roi.map, channel * steps.lane);
    feature_t* const first = roi.output + roi.row_begin * bins_x;
    const int thread = thread_of_block(), threads = threads_of_block();
#ifdef __CUDA_ARCH__
    // All that is known of a bin is worked out once for its channels, which groups of threads share if there are more threads than bins.
    const int groups = bins < threads ? threads / bins : 1, group = thread / bins, stride = held(groups * GATHERED);
    const int64 on_map = held(stride * steps.lane), on_output = held(stride * lane);
    if (group >= groups) return;
    skip_channels(steps, group * GATHERED);
    ROIKIT_ROLLED for (int i = thread - group * bins; i < bins; i += threads) {
        const Bin bin = bin_of(roi, roi.row_begin + i / bins_x, i % bins_x);
        feature_t* to = bytes_after(first + i, steps.channel * lane);
        Steps next = steps;
        ROIKIT_ROLLED for (; next.channel + GATHERED <= end; next.channel += stride) {
            store_channels<GATHERED>(pooled_bin<GATHERED>(roi, next, bin), to, next, lane);
            next.origin = bytes_after(next.origin, on_map);
            to = bytes_after(to, on_output);
        }
        pool_vectors<1>(roi, next, bin, end, first + i, lane);
    }
#else
    for (; steps.channel < end; skip_channels(steps, GATHERED)) {
        const int64 stop = steps.channel + GATHERED < end ? steps.channel + GATHERED : end;
        for (int i = thread; i < bins; i += threads) {
            pool_vectors<GATHERED>(roi, steps, bin_of(roi, roi.row_begin + i / bins_x, i % bins_x), stop, first + i, lane);
        }
    }
#endif
}
