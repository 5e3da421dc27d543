// Deformable PSRoIPool, forward: the points of placed.cuh. A block takes a RoI, or along y of the grid a part of its bins and channels; a
// thread takes channels of a bin: where a sample lies, and what it weighs, is worked out once for all of them.
//
// The specialisation defines, besides the macros of the files below:
//   ROIKIT_VECTOR    the channels of the output that a thread takes together
//   ROIKIT_THREADS   the most that a block may have on a GPU; ROIKIT_BLOCKS as many of such blocks must fit a multiprocessor
#include "library/numeric.cuh"
#include "deform_ps_roi_pool/placed.cuh"
#include "library/modes.cuh"
#include "library/vectors.cuh"
#include "library/points/roi.cuh"
#include "library/points/outputs.cuh"
#include "library/points/samples.cuh"
#include "library/points/write_bin.cuh"

constexpr int VECTOR = ROIKIT_VECTOR;

struct PoolingParams {
    int64 maps[ROIKIT_LEVELS];  // addresses
    ROIKIT_ROI_FIELDS
    ROIKIT_GEOMETRY_FIELDS
};

// From a channel of the output to the next in the map, of which each group has one.
ROIKIT_FN PointSteps steps_of_groups(const PoolingParams& params) {
    const int64 groups = groups_of(params);
    PointSteps steps = steps_on_map(params.heights[0], params.widths[0], params.channels * groups);
    steps.channel *= groups;
    return steps;
}

// DQ-7: the average of a bin, for N channels of a class.
template <int N> ROIKIT_FN Vector<N> average(const Points& points, int p, int q, const feature_t* map, const PointSteps& steps,
                                             const PoolingParams& params) {
    Vector<N> sum = filled<N>((acc_t)0);
    const int height = params.heights[0], width = params.widths[0];
    const Samples samples = samples_near(points, p, q, area_of_map(height, width));
    const Point start = start_of(points, p, q);
    int count = 0;
    ROIKIT_ROLLED for (int i = samples.y_begin; i < samples.y_end; ++i) {
        ROIKIT_ROLLED for (int j = samples.x_begin; j < samples.x_end; ++j) {
            const Point at = point_from(points, start, i, j);
            if (!is_inside(at, height, width)) continue;
            sum = add_sample<N>(map, steps, interpolate(at.y, height), interpolate(at.x, width), sum);
            ++count;
        }
    }
    return sum / (acc_t)(count ? count : 1);
}

// Channels of a bin from `channel` on, as many as a vector has at the most. Those of a vector are neighbours in the map if it has them
// last, and of one class.
template <int N> ROIKIT_FN void pool_channels(const Roi& roi, int p, int q, int64 channel, int64 end, const feature_t* map,
                                              feature_t* output, int64 apart, const PointSteps& steps, const PoolingParams& params) {
    const bool neighbours = LAYOUT == Layout::NCHW || steps.channel == 1;
    ROIKIT_ROLLED for (; channel + N <= end; channel += N) {
        const int64 number = class_of(channel, params.channels, params);
        if (N > 1 && !(neighbours && class_of(channel + N - 1, params.channels, params) == number)) break;
        const Vector<N> values = roi.refusal ? filled<N>(quiet_nan())
                                             : average<N>(of_class(roi.points, number), p, q, map + channel * steps.channel, steps, params);
        write_bin<N>(values, output + channel * apart, apart);
    }
    if constexpr (N > 1) pool_channels<(N > 4 ? N / 4 : 1)>(roi, p, q, channel, end, map, output, apart, steps, params);
}

extern "C" __global__ void __launch_bounds__(ROIKIT_THREADS, ROIKIT_FITTING_BLOCKS)
deform_ps_roi_pool_forward(const acc_t* boxes, const int64* number_of_rois, feature_t* output, int64* status,
                           const PoolingParams params) {
    const int64 rois = count_rois(number_of_rois, params.rois), bins = (int64)params.bins_y * params.bins_x;
    const int64 vectors = (params.channels + VECTOR - 1) / VECTOR;
    const PointSteps steps = steps_of_groups(params);
    const int64 plane = (int64)params.heights[0] * params.widths[0], unit = LAYOUT == Layout::NHWC ? 1 : plane;
    const int64 first = (int64)blockIdx.y * threads_of_block() + thread_of_block(), step = (int64)gridDim.y * threads_of_block();
    ROIKIT_ROLLED for (int64 k = blockIdx.x; k < rois; k += gridDim.x) {
        const Roi roi = read_roi(boxes + ROW_NUMBERS * k, params);
        if (roi.refusal && first == 0) report(status, k, roi.refusal);
        const feature_t* const map = (const feature_t*)params.maps[0] + roi.image * params.channels * groups_of(params) * plane;
        const BinSteps mine = steps_of_bins(k, params.channels, bins, 1);
        ROIKIT_ROLLED for (int64 i = first; i < bins * vectors; i += step) {
            // In the order of the output's memory.
            const bool last = LAYOUT == Layout::NHWC;
            const int64 bin = last ? i / vectors : i % bins, channel = (last ? i % vectors : i / bins) * VECTOR;
            const int64 end = channel + VECTOR < params.channels ? channel + VECTOR : params.channels;
            const int p = (int)(bin / params.bins_x), q = (int)(bin % params.bins_x);
            pool_channels<VECTOR>(roi, p, q, channel, end, map + group_of(p, q, params) * unit, output + mine.first + bin * mine.bin,
                                  mine.channel, steps, params);
        }
    }
}
