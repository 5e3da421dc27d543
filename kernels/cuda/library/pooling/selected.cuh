// Reading the channels that belong to a bin alone (library/selected.cuh), for operators that pool bin by bin.
#pragma once

#include "library/selected.cuh"

// Where the first channel of a vector lies in the map of an image, and how far on in memory the next one is, the next pixel, the next row.
struct Origin {
    const feature_t* at;
    int64 lane, pixel, row;
};

// Of `channel` of the output and those after it, in bin (p, q). `Prepared` has the output's channels, and bins_y and bins_x.
ROIKIT_FN Origin origin_of(const Prepared& roi, int64 channel, int p, int q) {
    const int64 bins = (int64)roi.bins_y * roi.bins_x, plane = (int64)roi.height * roi.width;
    const Selected selected = selected_by((int64)p * roi.bins_x + q, bins, roi.channels);
    const int64 first = selected.first + channel * selected.step, pixel = LAYOUT == Layout::NHWC ? channels_read(roi.channels, bins) : 1;
    const int64 apart = LAYOUT == Layout::NHWC ? 1 : plane;  // from a channel of the map to the next
    return Origin{roi.map + first * apart, selected.step * apart, pixel, roi.width * pixel};
}

// Some channels of a pixel, `lane` elements apart.
template <int N> ROIKIT_FN Vector<N> load_apart(const feature_t* from, int64 lane) {
    if (LAYOUT == Layout::NHWC && CHANNEL_ORDER == ChannelOrder::bin_major) return load<N>(from);
    if constexpr (Vector<N>::WIDE) {
        acc_t values[N];
        for (int v = 0; v < N; ++v) values[v] = widen(from[v * lane]);
        return read_vector<N>(values);
    } else {
        Vector<N> result;
        for (int v = 0; v < N; ++v) result.part[v] = fetch(from + v * lane);
        return result;
    }
}

// The maps of the image of a RoI, which have as many channels for each bin as the output has.
ROIKIT_FN const feature_t* image_of(const Roi& roi, const PoolingParams& params, int height, int width) {
    const int64 channels = channels_read(params.channels, (int64)params.bins_y * params.bins_x);
    return (const feature_t*)params.maps[roi.level] + roi.image * channels * height * width;
}

#ifdef ROIKIT_PREFETCH
// Bins are read pixel after pixel, which a CPU foresees.
ROIKIT_FN void prefetch_bin(const Prepared&, const Steps&, int, int, int64) {}
#endif

// Pools the channels from `channel` to `end` of a RoI that is not gathered.
ROIKIT_FN void pool_tile(const Prepared roi, const PoolingParams& params, int64 channel, int64 end, Memory) {
    if constexpr (LAYOUT == Layout::NHWC) pool_channels_last(roi, params, channel, end);
}
