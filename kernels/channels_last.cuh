// Pooling with channels last in memory: a thread takes a vector of channels of a bin through the bin's taps or samples.
#pragma once

struct Steps {
    int64 row, pixel;  // of the map
    int64 channel;     // where the vector begins in a pixel
};

// ---- RA-8: the average ------------------------------------------------------------------------------------------------

template <int N> ROIKIT_FN Vector<N> pool_bin(const Prepared& roi, const Steps& steps, const Tap* ty, int ny, const Tap* tx,
                                              int nx) {
    Vector<N> sum = filled<N>((acc_t)0);
    const feature_t* const origin = roi.map + steps.channel;
    ROIKIT_ROLLED for (int a = 0; a < ny; ++a) {
        const feature_t* const row = origin + ty[a].index * steps.row;
        Vector<N> line = filled<N>((acc_t)0);
        ROIKIT_ROLLED for (int b = 0; b < nx; ++b) {
            line = multiply_add<N>(tx[b].weight, load<N>(row + tx[b].index * steps.pixel), line);
        }
        sum = multiply_add<N>(ty[a].weight, line, sum);
    }
    return sum;
}

// ---- RA-9: the maximum ------------------------------------------------------------------------------------------------

template <int N> ROIKIT_FN Vector<N> pool_bin(const Prepared& roi, const Steps& steps, const Sample* sy, int ny,
                                              const Sample* sx, int nx) {
    Vector<N> best = filled<N>(start_of_maximum(roi, ny, nx));
    const feature_t* const origin = roi.map + steps.channel;
    ROIKIT_ROLLED for (int a = 0; a < ny; ++a) {
        const feature_t* const low = origin + sy[a].low * steps.row;
        const feature_t* const high = origin + sy[a].high * steps.row;
        for (int b = 0; b < nx; ++b) {
            const int64 left = sx[b].low * steps.pixel, right = sx[b].high * steps.pixel;
            const Vector<N> c00 = load<N>(low + left), c01 = load<N>(low + right);
            const Vector<N> c10 = load<N>(high + left), c11 = load<N>(high + right);
            const acc_t w00 = sy[a].weight_low * sx[b].weight_low, w01 = sy[a].weight_low * sx[b].weight_high;
            const acc_t w10 = sy[a].weight_high * sx[b].weight_low, w11 = sy[a].weight_high * sx[b].weight_high;
            if (MAX == Max::corner) {
                best = larger<N>(larger<N>(best, w00 * c00), w01 * c01);
                best = larger<N>(larger<N>(best, w10 * c10), w11 * c11);
            } else {
                const Vector<N> top = multiply_add<N>(w01, c01, w00 * c00);
                best = larger<N>(best, multiply_add<N>(w11, c11, multiply_add<N>(w10, c10, top)));
            }
        }
    }
    return best;
}

// ---- bins × channels --------------------------------------------------------------------------------------------------

template <int N> ROIKIT_FN void pool_vector(const Prepared& roi, const Steps& steps, int p, int q, feature_t* bin) {
    Vector<N> result = filled<N>((acc_t)0);
    if (!roi.result_is_nan) {
        result = pool_bin<N>(roi, steps, roi.y.entries + roi.y.begin[p], roi.y.count[p], roi.x.entries + roi.x.begin[q],
                             roi.x.count[q]);
    }
    store<N>(finished<N>(roi, result), bin + steps.channel);
}

// Pools the channels from `steps.channel` to `end`, a short last vector in pieces. Aligned vectors are never short.
template <int N> ROIKIT_FN void pool_vectors(const Prepared& roi, Steps steps, int p, int q, int64 end, feature_t* bin) {
    ROIKIT_ROLLED for (; steps.channel + N <= end; steps.channel += N) pool_vector<N>(roi, steps, p, q, bin);
    if constexpr (N > 1 && !ALIGNED) pool_vectors<(N > 4 ? N / 4 : 1)>(roi, steps, p, q, end, bin);
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
                    const feature_t* const pixel = roi.map + y * steps.row + x * steps.pixel;
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
    steps.pixel = params.channels;
    steps.row = roi.width * params.channels;
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
