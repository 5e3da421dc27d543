// The average of the samples of each bin, of a RoI whose samples are points (roi.cuh of this folder). A thread takes N channels of a bin:
// where a sample lies, and what it weighs, is worked out once for all of them. Nothing is kept between bins, so no memory is needed.
//
// The specialisation defines ROIKIT_VECTOR, the channels that a thread takes together.
#pragma once

#include "library/bilinear.cuh"
#include "library/points/channels.cuh"

constexpr int VECTOR = ROIKIT_VECTOR;

struct PoolingParams {
    int64 maps[ROIKIT_LEVELS];  // addresses
    ROIKIT_ROI_FIELDS
    ROIKIT_GEOMETRY_FIELDS
};

// From a row of the map to the next, from a pixel, from a channel, and from a channel of a bin of the output.
struct PointSteps {
    int64 row, pixel, channel, output;
};

// RA-7
template <int N> ROIKIT_FN Vector<N> add_sample(const feature_t* map, const PointSteps& steps, const Sample& y, const Sample& x,
                                                Vector<N> sum) {
    const feature_t* const low = map + y.low * steps.row;
    const feature_t* const high = map + y.high * steps.row;
    const int64 left = x.low * steps.pixel, right = x.high * steps.pixel;
    sum = multiply_add<N>(y.weight_low * x.weight_low, load_apart<N>(low + left, steps.channel), sum);
    sum = multiply_add<N>(y.weight_low * x.weight_high, load_apart<N>(low + right, steps.channel), sum);
    sum = multiply_add<N>(y.weight_high * x.weight_low, load_apart<N>(high + left, steps.channel), sum);
    return multiply_add<N>(y.weight_high * x.weight_high, load_apart<N>(high + right, steps.channel), sum);
}

template <int N> ROIKIT_FN Vector<N> pool_bin(const Roi& roi, int p, int q, const feature_t* map, const PointSteps& steps,
                                              const PoolingParams& params) {
    Vector<N> sum = filled<N>((acc_t)0);
    const int height = params.heights[0], width = params.widths[0];
    const Samples samples = samples_near(roi.points, p, q, area_of_map(height, width));
    ROIKIT_ROLLED for (int i = samples.y_begin; i < samples.y_end; ++i) {
        ROIKIT_ROLLED for (int j = samples.x_begin; j < samples.x_end; ++j) {
            const Point at = point_at(roi.points, p, q, i, j);
            if (!is_inside(at, height, width)) continue;
            sum = add_sample<N>(map, steps, interpolate(at.y, height), interpolate(at.x, width), sum);
        }
    }
    return sum / samples_of(roi.points);
}

template <int N> ROIKIT_FN void write_bin(const Vector<N>& values, feature_t* to, int64 step) {
    if constexpr (LAYOUT == Layout::NHWC) {
        store<N>(values, to);
    } else {
        acc_t parts[N];
        write_vector<N>(values, parts);
        for (int v = 0; v < N; ++v) narrow(parts[v], to[v * step]);
    }
}

// Channels of a bin from `channel` on, as many as a vector has at the most; a short last vector in pieces.
template <int N> ROIKIT_FN void pool_channels(const Roi& roi, int p, int q, int64 channel, int64 end, const feature_t* map,
                                              feature_t* output, const PointSteps& steps, const PoolingParams& params) {
    ROIKIT_ROLLED for (; channel + N <= end; channel += N) {
        const Vector<N> values = roi.refusal ? filled<N>(quiet_nan())
                                             : pool_bin<N>(roi, p, q, map + channel * steps.channel, steps, params);
        write_bin<N>(values, output + channel * steps.output, steps.output);
    }
    if constexpr (N > 1) pool_channels<(N > 4 ? N / 4 : 1)>(roi, p, q, channel, end, map, output, steps, params);
}

// A block takes a RoI, or along y of the grid a part of its bins and channels.
ROIKIT_FN void pool_points(const acc_t* boxes, const int64* number_of_rois, feature_t* output, int64* status,
                           const PoolingParams& params) {
    const int64 rois = count_rois(number_of_rois, params.rois), bins = (int64)params.bins_y * params.bins_x;
    const int64 groups = (params.channels + VECTOR - 1) / VECTOR, row = params.widths[0], pixels = row * params.heights[0];
    const bool last = LAYOUT == Layout::NHWC;
    const PointSteps steps = last ? PointSteps{row * params.channels, params.channels, 1, 1} : PointSteps{row, 1, pixels, bins};
    const int64 first = (int64)blockIdx.y * threads_of_block() + thread_of_block(), step = (int64)gridDim.y * threads_of_block();
    ROIKIT_ROLLED for (int64 k = blockIdx.x; k < rois; k += gridDim.x) {
        const Roi roi = read_roi(boxes + ROW_NUMBERS * k, params);
        if (roi.refusal && first == 0) report(status, k, roi.refusal);
        const feature_t* const map = (const feature_t*)params.maps[0] + roi.image * params.channels * pixels;
        feature_t* const mine = output + k * params.channels * bins;
        ROIKIT_ROLLED for (int64 i = first; i < bins * groups; i += step) {
            // In the order of the output's memory.
            const int64 bin = last ? i / groups : i % bins, channel = (last ? i % groups : i / bins) * VECTOR;
            const int64 end = channel + VECTOR < params.channels ? channel + VECTOR : params.channels;
            pool_channels<VECTOR>(roi, (int)(bin / params.bins_x), (int)(bin % params.bins_x), channel, end, map,
                                  mine + (last ? bin * params.channels : bin), steps, params);
        }
    }
}
