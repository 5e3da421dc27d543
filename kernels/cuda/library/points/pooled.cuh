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
