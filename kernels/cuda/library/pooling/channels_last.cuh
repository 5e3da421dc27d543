// Pooling bin by bin: a thread takes a vector of channels of a bin through the bin's taps or samples. With channels last in memory
// these are neighbours; with channels first neighbouring threads take neighbouring bins.
#pragma once

constexpr int GATHERED = 4;  // channels that a thread takes through a bin together, if they come first in memory

// How many channels that is if they come last: a vector, or two on a GPU, where what is worked out for each pixel then serves both, and
// both are on their way at once. Between the two lie the first vectors of the thread's neighbours, which memory brings along.
constexpr int TOGETHER = ROIKIT_TOGETHER;
static_assert(TOGETHER == VECTOR || (TOGETHER == 2 * VECTOR && ALIGNED && LAYOUT == Layout::NHWC), "one vector or two aligned ones");

struct Steps {
    int64 row;      // of the map
    int row_bytes;  // NCHW
    int pixel;      // in bytes
    int64 lane;     // NCHW: from a channel to the next, in the map
    int64 channel;  // where the vector begins in a pixel
    int64 apart;    // NHWC: in bytes from the first half of a vector to the second, if both are there
};

ROIKIT_FN const feature_t* bytes_after(const feature_t* from, int64 bytes) {
    return (const feature_t*)((const unsigned char*)from + bytes);
}

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
        for (int v = 0; v < N; ++v) values[v] = widen(from[v * steps.lane]);
        return read_vector<N>(values);
    } else {
        Vector<N> result;
        for (int v = 0; v < N; ++v) result.part[v] = fetch(from + v * steps.lane);
        return result;
    }
}

ROIKIT_FN const feature_t* bytes_from(const feature_t* origin, int count, int bytes) {
    return (const feature_t*)wide_sum((int64)origin, count, bytes);
}

ROIKIT_FN const feature_t* at_column(const feature_t* row, const Steps& steps, int column) {
    return bytes_from(row, column, steps.pixel);
}

// The value of bin (p, q), which the operator reads and finishes; and on a CPU, if it can, asks for the pixels of beforehand.
template <int N> ROIKIT_FN Vector<N> pooled_bin(const Prepared& roi, const Steps& steps, int p, int q);
#ifdef ROIKIT_PREFETCH
ROIKIT_FN void prefetch_bin(const Prepared& roi, const Steps& steps, int p, int q, int64 end);
#endif

// ---- bins × channels --------------------------------------------------------------------------------------------------

// Writes a vector of channels of a bin; `lane` elements lie between two channels of the output.
template <int N> ROIKIT_FN void store_channels(const Vector<N>& from, feature_t* bin, const Steps& steps, int64 lane) {
    const int64 channel = steps.channel;
    if constexpr (LAYOUT == Layout::NHWC && N > VECTOR) {
        Vector<N / 2> first, second;
        for (int i = 0; i < N / 2; ++i) first.part[i] = from.part[i], second.part[i] = from.part[N / 2 + i];
        store<N / 2>(first, bin + channel);
        store<N / 2>(second, (feature_t*)bytes_after(bin + channel, steps.apart));
    } else if constexpr (LAYOUT == Layout::NHWC) {
        store<N>(from, bin + channel);
    } else if constexpr (Vector<N>::WIDE) {
        acc_t values[N];
        write_vector<N>(from, values);
        for (int v = 0; v < N; ++v) narrow(values[v], bin[(channel + v) * lane]);
    } else {
        for (int v = 0; v < N; ++v) write_once(from.part[v], bin + (channel + v) * lane);
    }
}

template <int N>
ROIKIT_FN void pool_vector(const Prepared& roi, const Steps& steps, int p, int q, feature_t* bin, int64 lane) {
    store_channels<N>(pooled_bin<N>(roi, steps, p, q), bin, steps, lane);
}

// Pools the channels from `steps.channel` to `end`, a short last vector in pieces. Aligned vectors are never short.
template <int N>
ROIKIT_FN void pool_vectors(const Prepared& roi, Steps steps, int p, int q, int64 end, feature_t* bin, int64 lane = 1) {
    ROIKIT_ROLLED for (; steps.channel + N <= end; steps.channel += N) pool_vector<N>(roi, steps, p, q, bin, lane);
    if constexpr (N > 1 && !ALIGNED) pool_vectors<(N > 4 ? N / 4 : 1)>(roi, steps, p, q, end, bin, lane);
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
// Takes a vector of channels through the bins of a thread.
template <int N>
ROIKIT_FN void pool_bins(const Prepared& roi, const PoolingParams& params, const Steps& steps, Turn turn, int64 end, feature_t* bin) {
    ROIKIT_ROLLED for (; turn.p < roi.row_end; turn.next(), bin += blockDim.y * params.channels) {
        if constexpr (ALIGNED) {
            pool_vector<N>(roi, steps, turn.p, turn.q, bin, 1);
        } else {
            pool_vectors<N>(roi, steps, turn.p, turn.q, steps.channel + N < end ? steps.channel + N : end, bin);
        }
    }
}
#endif

// Pools the channels from `channel` to `end`. Neighbouring threads along x take neighbouring vectors of channels.
ROIKIT_FN void pool_channels_last(const Prepared& roi, const PoolingParams& params, int64 channel, int64 end) {
    Steps steps;
    steps.pixel = (int)(params.channels * sizeof(feature_t));
    steps.row = roi.width * params.channels;
    steps.lane = 1;
    steps.channel = channel + (int64)threadIdx.x * VECTOR;
    steps.apart = (int64)blockDim.x * VECTOR * (int64)sizeof(feature_t);
    Turn turn(roi.row_begin, params.bins_x);
    feature_t* bin = roi.output + ((int64)turn.p * params.bins_x + turn.q) * params.channels;
#ifdef __CUDA_ARCH__
    // A tile has no more vectors than its threads take at once.
    if (steps.channel >= end) return;
    if (TOGETHER > VECTOR && steps.channel + blockDim.x * VECTOR < end) return pool_bins<TOGETHER>(roi, params, steps, turn, end, bin);
    pool_bins<VECTOR>(roi, params, steps, turn, end, bin);
#else
    while (turn.p < roi.row_end) {
        const int p = turn.p, q = turn.q;
        turn.next();
#ifdef ROIKIT_PREFETCH
        steps.channel = channel;
        if (turn.p < roi.row_end) prefetch_bin(roi, steps, turn.p, turn.q, end);
#endif
        for (steps.channel = channel + threadIdx.x * VECTOR; steps.channel < end; steps.channel += blockDim.x * VECTOR) {
            pool_vectors<VECTOR>(roi, steps, p, q, steps.channel + VECTOR < end ? steps.channel + VECTOR : end, bin);
        }
        bin += blockDim.y * params.channels;
    }
#endif
}

// Pools the channels from `channel` to `end`, all first in memory. Neighbouring threads take neighbouring bins.
ROIKIT_FN void gather_channels(const Prepared roi, const PoolingParams& params, int64 channel, int64 end) {
    const int rows = roi.row_end - roi.row_begin, bins_x = params.bins_x;
    if (rows <= 0) return;
    const int64 bins = (int64)params.bins_y * bins_x;
    Steps steps;
    steps.pixel = sizeof(feature_t);
    steps.row = roi.width;
    steps.row_bytes = roi.width * (int)sizeof(feature_t);
    steps.lane = (int64)roi.height * roi.width;
    // Which bin and channels a thread takes, and how far it is to the next, as numbers of three digits.
    const int thread = thread_of_block(), threads = threads_of_block();
    int q = thread % bins_x, p = thread / bins_x % rows;
    const int along = threads % bins_x, down = threads / bins_x % rows, across = threads / bins_x / rows * GATHERED;
    steps.channel = channel + (int64)(thread / bins_x / rows) * GATHERED;
    ROIKIT_ROLLED while (steps.channel < end) {
        feature_t* const bin = roi.output + (int64)(roi.row_begin + p) * bins_x + q;
        const int64 stop = steps.channel + GATHERED < end ? steps.channel + GATHERED : end;
        pool_vectors<GATHERED>(roi, steps, roi.row_begin + p, q, stop, bin, bins);
        steps.channel += across;
        q += along, p += down;
        if (q >= bins_x) q -= bins_x, ++p;
        if (p >= rows) p -= rows, steps.channel += GATHERED;
    }
}
