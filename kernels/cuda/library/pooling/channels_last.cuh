// Pooling bin by bin: a thread takes a vector of channels of a bin through the bin's taps or samples. With channels last in memory
// these are neighbours; with channels first, on a GPU, neighbouring threads take neighbouring bins.
#pragma once

struct Steps {
    int64 row;      // of the map
    int row_bytes;  // NCHW
    int pixel;      // in bytes
    int64 lane;     // NCHW: from a channel to the next, in the map
    int64 channel;  // where the vector begins in a pixel
};

template <int N> ROIKIT_FN Vector<N> load_channels(const feature_t* from, const Steps& steps) {
    if constexpr (LAYOUT == Layout::NHWC) return load<N>(from);
    Vector<N> result;
    for (int v = 0; v < N; ++v) read(from + v * steps.lane, result.part[v]);
    return result;
}

ROIKIT_FN const feature_t* bytes_from(const feature_t* origin, int count, int bytes) {
    return (const feature_t*)((const unsigned char*)origin + wide_product(count, bytes));
}

ROIKIT_FN const feature_t* at_column(const feature_t* row, const Steps& steps, int column) {
    return bytes_from(row, column, steps.pixel);
}

// ---- RA-8: the average ------------------------------------------------------------------------------------------------

template <int N> ROIKIT_FN Vector<N> pool_bin(const Prepared& roi, const Steps& steps, const Tap* ty, int ny, const Tap* tx,
                                              int nx) {
    Vector<N> sum = filled<N>((acc_t)0);
    const feature_t* const origin = roi.map + steps.channel * (LAYOUT == Layout::NHWC ? 1 : steps.lane);
    // Along memory first. With channels first that would be x; but y it is in channels_first.cuh, and every bit is to be the same.
    constexpr bool ROWS = LAYOUT == Layout::NHWC;
    const Tap *const outer = ROWS ? ty : tx, *const inner = ROWS ? tx : ty;
    const int outer_count = ROWS ? ny : nx, inner_count = ROWS ? nx : ny;
    ROIKIT_ROLLED for (int a = 0; a < outer_count; ++a) {
        const feature_t* const from = ROWS ? origin + outer[a].index * steps.row : origin + outer[a].index;
        Vector<N> line = filled<N>((acc_t)0);
        const Tap* next = inner;
        ROIKIT_ROLLED for (int b = inner_count; b > 0; --b) {
            const Tap tap = *next++;
            const feature_t* const pixel = bytes_from(from, tap.index, ROWS ? steps.pixel : steps.row_bytes);
            line = multiply_add<N>(tap.weight, load_channels<N>(pixel, steps), line);
        }
        sum = multiply_add<N>(outer[a].weight, line, sum);
    }
    return sum;
}

// ---- RA-9: the maximum ------------------------------------------------------------------------------------------------

// The maximum with a sample of these four pixels: in the order of each layout, that of channels_first.cuh with channels first.
template <int N> ROIKIT_FN Vector<N> with_sample(const Vector<N>& best, const Sample& y, const Sample& x, const Vector<N>& c00,
                                                 const Vector<N>& c01, const Vector<N>& c10, const Vector<N>& c11) {
    if constexpr (LAYOUT == Layout::NCHW && MAX == Max::corner) {
        const Vector<N> low = larger<N>(x.weight_low * (y.weight_low * c00), x.weight_high * (y.weight_low * c01));
        const Vector<N> high = larger<N>(x.weight_low * (y.weight_high * c10), x.weight_high * (y.weight_high * c11));
        return larger<N>(larger<N>(best, low), high);
    } else if constexpr (LAYOUT == Layout::NCHW) {
        const Vector<N> left = multiply_add<N>(y.weight_high, c10, y.weight_low * c00);
        const Vector<N> right = multiply_add<N>(y.weight_high, c11, y.weight_low * c01);
        return larger<N>(best, multiply_add<N>(x.weight_high, right, x.weight_low * left));
    }
    const acc_t w00 = y.weight_low * x.weight_low, w01 = y.weight_low * x.weight_high;
    const acc_t w10 = y.weight_high * x.weight_low, w11 = y.weight_high * x.weight_high;
    if (MAX == Max::corner) {
        const Vector<N> low = larger<N>(larger<N>(best, w00 * c00), w01 * c01);
        return larger<N>(larger<N>(low, w10 * c10), w11 * c11);
    }
    const Vector<N> top = multiply_add<N>(w01, c01, w00 * c00);
    return larger<N>(best, multiply_add<N>(w11, c11, multiply_add<N>(w10, c10, top)));
}

template <int N> ROIKIT_FN Vector<N> pool_bin(const Prepared& roi, const Steps& steps, const Sample* sy, int ny,
                                              const Sample* sx, int nx) {
    Vector<N> best = filled<N>(start_of_maximum(roi, ny, nx));
    const feature_t* const origin = roi.map + steps.channel * (LAYOUT == Layout::NHWC ? 1 : steps.lane);
    ROIKIT_ROLLED for (int a = 0; a < ny; ++a) {
        const feature_t* const low = origin + sy[a].low * steps.row;
        const feature_t* const high = origin + sy[a].high * steps.row;
        for (int b = 0; b < nx; ++b) {
            const int left = sx[b].low, right = sx[b].high;
            const Vector<N> c00 = load_channels<N>(at_column(low, steps, left), steps);
            const Vector<N> c01 = load_channels<N>(at_column(low, steps, right), steps);
            const Vector<N> c10 = load_channels<N>(at_column(high, steps, left), steps);
            const Vector<N> c11 = load_channels<N>(at_column(high, steps, right), steps);
            best = with_sample<N>(best, sy[a], sx[b], c00, c01, c10, c11);
        }
    }
    return best;
}

// ---- bins × channels --------------------------------------------------------------------------------------------------

// Writes a vector of channels of a bin; `lane` elements lie between two channels of the output.
template <int N> ROIKIT_FN void store_channels(const Vector<N>& from, feature_t* bin, int64 channel, int64 lane) {
    if constexpr (LAYOUT == Layout::NHWC) return store<N>(from, bin + channel);
    for (int v = 0; v < N; ++v) write_once(from.part[v], bin + (channel + v) * lane);
}

template <int N>
ROIKIT_FN void pool_vector(const Prepared& roi, const Steps& steps, int p, int q, feature_t* bin, int64 lane) {
    Vector<N> result = filled<N>((acc_t)0);
    if (!roi.result_is_nan) {
        result = pool_bin<N>(roi, steps, roi.y.entries + roi.y.begin[p], roi.y.count[p], roi.x.entries + roi.x.begin[q],
                             roi.x.count[q]);
    }
    store_channels<N>(finished<N>(roi, result), bin, steps.channel, lane);
}

// Pools the channels from `steps.channel` to `end`, a short last vector in pieces. Aligned vectors are never short.
template <int N>
ROIKIT_FN void pool_vectors(const Prepared& roi, Steps steps, int p, int q, int64 end, feature_t* bin, int64 lane = 1) {
    ROIKIT_ROLLED for (; steps.channel + N <= end; steps.channel += N) pool_vector<N>(roi, steps, p, q, bin, lane);
    if constexpr (N > 1 && !ALIGNED) pool_vectors<(N > 4 ? N / 4 : 1)>(roi, steps, p, q, end, bin, lane);
}

#ifdef ROIKIT_PREFETCH
// Asks for the pixels of bin (p, q) that the bins before it do not read.
ROIKIT_FN void prefetch_bin(const Prepared& roi, const Steps& steps, int p, int q, int64 end) {
    const Entry* const ty = roi.y.entries + roi.y.begin[p];
    const Entry* const tx = roi.x.entries + roi.x.begin[q];
    for (int a = 0; a < roi.y.count[p]; ++a) {
        for (int y = first_pixel(ty[a]); y <= last_pixel(ty[a]); ++y) {
            if (p > roi.row_begin && roi.y.spans(p - 1, y)) continue;
            for (int b = 0; b < roi.x.count[q]; ++b) {
                for (int x = first_pixel(tx[b]); x <= last_pixel(tx[b]); ++x) {
                    if (q > 0 && roi.x.spans(q - 1, x)) continue;
                    const feature_t* const pixel = at_column(roi.map + y * steps.row, steps, x);
                    for (int64 c = steps.channel; c < end; c += 64 / sizeof(feature_t)) ROIKIT_PREFETCH(pixel + c);
                }
            }
        }
    }
}
#endif

// Pools the channels from `channel` to `end`. Neighbouring threads along x take neighbouring vectors of channels.
ROIKIT_FN void pool_channels_last(const Prepared& roi, const RoiAlignParams& params, int64 channel, int64 end) {
    Steps steps;
    steps.pixel = (int)(params.channels * sizeof(feature_t));
    steps.row = roi.width * params.channels;
    steps.lane = 1;
    const int bins_x = params.bins_x;
    const int down = blockDim.y / bins_x, along = blockDim.y % bins_x;
    int p = roi.row_begin + threadIdx.y / bins_x, q = threadIdx.y % bins_x;
    while (p < roi.row_end) {
        feature_t* const bin = roi.output + ((int64)p * bins_x + q) * params.channels;
        int next_p = p + down, next_q = q + along;
        if (next_q >= bins_x) next_q -= bins_x, ++next_p;
#ifdef ROIKIT_PREFETCH
        steps.channel = channel;
        if (next_p < roi.row_end && !roi.result_is_nan) prefetch_bin(roi, steps, next_p, next_q, end);
#endif
        steps.channel = channel + (int64)threadIdx.x * VECTOR;
        ROIKIT_ROLLED for (; steps.channel < end; steps.channel += (int64)blockDim.x * VECTOR) {
            pool_vectors<VECTOR>(roi, steps, p, q, steps.channel + VECTOR < end ? steps.channel + VECTOR : end, bin);
        }
        p = next_p, q = next_q;
    }
}

// Pools the channels from `channel` to `end`, all first in memory. Neighbouring threads take neighbouring bins.
ROIKIT_FN void gather_channels(const Prepared& roi, const RoiAlignParams& params, int64 channel, int64 end) {
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
