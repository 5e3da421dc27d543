// Channels first on a CPU: the pixels that a RoI reads are brought together for as many channels as are taken through a bin together, and
// its bins pooled from them.
#pragma once

#include "library/brought.cuh"

#ifndef __CUDA_ARCH__

// A RoI, its map, and where its bins go.
struct Pooled {
    const Roi& roi;
    const feature_t* map;
    feature_t* output;
    BinSteps bins;
};

// The channels from `channel` on, N at a time, while there are so many; returns the next one. `memory` has room for the pixels.
template <int N>
ROIKIT_FN int64 pool_brought(const Pooled& it, const Span& y, const Span& x, int64 channel, const PoolingParams& params, feature_t* memory) {
    const int64 width = params.widths[0], plane = params.heights[0] * width, columns = x.end - x.begin;
    const PointSteps steps = {columns * N, N, 1};
    const feature_t* const origin = memory - (y.begin * columns + x.begin) * N;
    for (; channel + N <= params.channels; channel += N) {
        bring_together<N>(it.map + channel * plane, plane, width, y, x, memory);
        const feature_t* const next = channel + 2 * N <= params.channels ? it.map + (channel + N) * plane : 0;
        for (int p = 0; p < params.bins_y; ++p) {
            if (next) bring_rows<N>(next, plane, width, y, x, p, params.bins_y);
            feature_t* to = it.output + it.bins.first + channel * it.bins.channel + (int64)p * params.bins_x * it.bins.bin;
            for (int q = 0; q < params.bins_x; ++q, to += it.bins.bin) {
                write_bin<N>(pool_bin<N>(it.roi, p, q, origin, steps, params), to, it.bins.channel);
            }
        }
    }
    if constexpr (N > LANES) return pool_brought<(N / 4 > LANES ? N / 4 : LANES)>(it, y, x, channel, params, memory);
    return channel;
}

#if ROIKIT_BROUGHT
constexpr int BROUGHT = ROIKIT_BROUGHT;
constexpr int WORTH = 4;  // pixels that are brought in the time that it takes to read one where it is

// How many channels of a RoI are pooled so: none if its pixels are many, or its bins read few of them. Of many the channels are fewer.
ROIKIT_FN int64 pool_brought(const Pooled& it, const PoolingParams& params) {
    if (it.roi.refusal || threads_of_block() > 1) return 0;
    const Area reach = reach_of(it.roi.points, params.bins_y, params.bins_x);
    const Span y = reach_between(reach.y_begin, reach.y_end, params.heights[0]);
    const Span x = reach_between(reach.x_begin, reach.x_end, params.widths[0]);
    const int64 pixels = (int64)(y.end - y.begin) * (x.end - x.begin);
    constexpr int64 MOST = (int64)BROUGHT * (VECTOR / LANES);
    const acc_t reads = (acc_t)4 * (acc_t)((int64)params.bins_y * params.bins_x) * samples_of(it.roi.points);
    if (y.end <= y.begin || x.end <= x.begin || pixels > MOST || !((acc_t)pixels < WORTH * reads)) return 0;
    ROIKIT_SHARED_MEMORY(memory);
    if (pixels > BROUGHT) return pool_brought<LANES>(it, y, x, 0, params, (feature_t*)memory);
    return pool_brought<VECTOR>(it, y, x, 0, params, (feature_t*)memory);
}
#else
ROIKIT_FN int64 pool_brought(const Pooled&, const PoolingParams&) { return 0; }
#endif

#endif
