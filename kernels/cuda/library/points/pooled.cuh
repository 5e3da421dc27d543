// What a thread makes of bins of RoIs whose samples are points (roi.cuh of this folder): it takes N channels of a bin, so that where a sample
// lies, and what it weighs, is worked out once for all of them. Nothing is kept between bins, so no memory is needed.
//
// An operator that includes this gives `pool_bin<N>(roi, p, q, map, steps, params)`: what N channels make of the samples of a bin
// (average.cuh, maximum.cuh).
//
// The specialisation defines ROIKIT_VECTOR, the channels that a thread takes together.
#pragma once

#include "library/points/outputs.cuh"
#include "library/points/samples.cuh"

constexpr int VECTOR = ROIKIT_VECTOR;

struct PoolingParams {
    int64 maps[ROIKIT_LEVELS];  // addresses
    ROIKIT_ROI_FIELDS
    ROIKIT_GEOMETRY_FIELDS
};

template <int N> ROIKIT_FN Vector<N> pool_bin(const Roi& roi, int p, int q, const feature_t* map, const PointSteps& steps,
                                              const PoolingParams& params);

#include "library/points/write_bin.cuh"
#include "library/points/brought.cuh"

// Channels of a bin from `channel` on, as many as a vector has at the most, to elements that are `apart`; a short last vector in pieces.
template <int N> ROIKIT_FN void pool_channels(const Roi& roi, int p, int q, int64 channel, int64 end, const feature_t* map,
                                              feature_t* output, int64 apart, const PointSteps& steps, const PoolingParams& params) {
    ROIKIT_ROLLED for (; channel + N <= end; channel += N) {
        const Vector<N> values = roi.refusal ? filled<N>(quiet_nan())
                                             : pool_bin<N>(roi, p, q, map + channel * steps.channel, steps, params);
        write_bin<N>(values, output + channel * apart, apart);
    }
    if constexpr (N > 1) pool_channels<(N > 4 ? N / 4 : 1)>(roi, p, q, channel, end, map, output, apart, steps, params);
}

// Pools the bins of RoI k, whose map is `map`: a thread takes each `step`th vector of channels of a bin, from `first` on, in the order of
// the output's memory.
ROIKIT_FN void pool_roi(const Roi& roi, const feature_t* map, const PointSteps& steps, feature_t* output, const BinSteps& mine, int64 first,
                        int64 step, const PoolingParams& params) {
    const int64 bins = (int64)params.bins_y * params.bins_x;
#ifdef __CUDA_ARCH__
    constexpr int64 done = 0;
#else
    const int64 done = pool_brought(Pooled{roi, map, output, mine}, params);
#endif
    const int64 groups = (params.channels - done + VECTOR - 1) / VECTOR;
    const bool last = LAYOUT == Layout::NHWC;
    ROIKIT_ROLLED for (int64 i = first; i < bins * groups; i += step) {
        const int64 bin = last ? i / groups : i % bins, channel = done + (last ? i % groups : i / bins) * VECTOR;
        const int64 end = channel + VECTOR < params.channels ? channel + VECTOR : params.channels;
        const feature_t* const own = map + selected_by(bin, bins, params.channels).first * steps.channel;
        pool_channels<VECTOR>(roi, (int)(bin / params.bins_x), (int)(bin % params.bins_x), channel, end, own,
                              output + mine.first + bin * mine.bin, mine.channel, steps, params);
    }
}
