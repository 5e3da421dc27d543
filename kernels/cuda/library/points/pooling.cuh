// Pools the bins of RoIs whose samples are points (roi.cuh of this folder). A thread takes N channels of a bin: where a sample lies, and
// what it weighs, is worked out once for all of them. Nothing is kept between bins, so no memory is needed.
//
// An operator that includes this has said which channels a bin reads (every_channel.cuh, or selected.cuh), and how many RoIs have each
// channel in one piece (outputs.cuh): `boxes_together(params)`. It gives `pool_bin<N>(roi, p, q, map, steps, params)`: what N channels make
// of the samples of a bin (average.cuh, maximum.cuh).
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

// A block takes a RoI, or along y of the grid a part of its bins and channels.
ROIKIT_FN void pool_points(const acc_t* boxes, const int64* number_of_rois, feature_t* output, int64* status,
                           const PoolingParams& params) {
    const int64 rois = count_rois(number_of_rois, params.rois), bins = (int64)params.bins_y * params.bins_x;
    const int64 groups = (params.channels + VECTOR - 1) / VECTOR, read = channels_read(params.channels, bins);
    const PointSteps steps = steps_on_map(params.heights[0], params.widths[0], read);
    const int64 pixels = (int64)params.heights[0] * params.widths[0];
    const int64 first = (int64)blockIdx.y * threads_of_block() + thread_of_block(), step = (int64)gridDim.y * threads_of_block();
    ROIKIT_ROLLED for (int64 k = blockIdx.x; k < rois; k += gridDim.x) {
        const Roi roi = read_roi(boxes + ROW_NUMBERS * k, params);
        if (roi.refusal && first == 0) report(status, k, roi.refusal);
        const feature_t* const map = (const feature_t*)params.maps[0] + roi.image * read * pixels;
        const BinSteps mine = steps_of_bins(k, params.channels, bins, boxes_together(params));
        ROIKIT_ROLLED for (int64 i = first; i < bins * groups; i += step) {
            // In the order of the output's memory.
            const bool last = LAYOUT == Layout::NHWC;
            const int64 bin = last ? i / groups : i % bins, channel = (last ? i % groups : i / bins) * VECTOR;
            const int64 end = channel + VECTOR < params.channels ? channel + VECTOR : params.channels;
            const feature_t* const own = map + selected_by(bin, bins, params.channels).first * steps.channel;
            pool_channels<VECTOR>(roi, (int)(bin / params.bins_x), (int)(bin % params.bins_x), channel, end, own,
                                  output + mine.first + bin * mine.bin, mine.channel, steps, params);
        }
    }
}
