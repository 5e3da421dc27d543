// Rotation-invariant RoIAlign, forward: the points of oriented.cuh, pooled by library/points/pooling.cuh; of each bin two channels of the
// map make one of the output.
//
// The specialisation defines, besides the macros of the files below:
//   ROIKIT_THREADS   the most that a block may have on a GPU; ROIKIT_BLOCKS as many of such blocks must fit a multiprocessor
#include "library/numeric.cuh"
#include "riroi_align_rotated/oriented.cuh"
#include "library/modes.cuh"
#include "library/vectors.cuh"
#include "library/points/roi.cuh"
#include "library/every_channel.cuh"

// Each RoI has all its channels (outputs.cuh).
template <class Params> ROIKIT_FN int64 boxes_together(const Params&) { return 1; }

#include "library/points/pooling.cuh"

// N channels that are so many orientations on from channels that follow each other.
template <int N> struct Turning {
    int apart[N];  // from the first of those
    int64 step;    // from a channel to the next

    ROIKIT_METHOD Turning(int64 channel, int turned, int orientations, int64 step) : step(step) {
        for (int v = 0; v < N; ++v) apart[v] = (int)(channel_after(channel + v, turned, orientations) - channel);
    }

    ROIKIT_METHOD Vector<N> load(const feature_t* pixel) const {
        Vector<N> result;
        EACH_PART(i) {
            for (int v = 0; v < Vector<N>::STEP; ++v) {
                set_lane(result.part[i], v, fetch(pixel + apart[i * Vector<N>::STEP + v] * step));
            }
        }
        return result;
    }
};

// The sum of the samples of a bin (average.cuh), of channels that are turned from those at `map`.
template <int N> ROIKIT_FN Vector<N> sum_of_bin(const Roi& roi, int p, int q, const feature_t* map, const PointSteps& steps,
                                                const Turning<N>& channels, const PoolingParams& params) {
    Vector<N> sum = filled<N>((acc_t)0);
    const int height = params.heights[0], width = params.widths[0];
    const Samples samples = samples_near(roi.points, p, q, area_of_map(height, width));
    ROIKIT_ROLLED for (int i = samples.y_begin; i < samples.y_end; ++i) {
        ROIKIT_ROLLED for (int j = samples.x_begin; j < samples.x_end; ++j) {
            const Point at = point_at(roi.points, p, q, i, j);
            if (!is_inside(at, height, width)) continue;
            const Sample y = interpolate(at.y, height), x = interpolate(at.x, width);
            const int64 left = x.low * steps.pixel, right = x.high * steps.pixel;
            // One row after the other, or there are not enough registers for doubles.
            ROIKIT_ROLLED for (int below = 0; below < 2; ++below) {
                const feature_t* const row = map + (below ? y.high : y.low) * steps.row;
                const acc_t weight = below ? y.weight_high : y.weight_low;
                sum = multiply_add<N>(weight * x.weight_low, channels.load(row + left), sum);
                sum = multiply_add<N>(weight * x.weight_high, channels.load(row + right), sum);
            }
        }
    }
    return sum;
}

// `map` begins at the channel of the output that is asked for, whose number is not told otherwise. What weighs nothing is not read.
template <int N> ROIKIT_FN Vector<N> pool_bin(const Roi& roi, int p, int q, const feature_t* map, const PointSteps& steps,
                                              const PoolingParams& params) {
    const int64 pixels = (int64)params.heights[0] * params.widths[0];
    const feature_t* const image = (const feature_t*)params.maps[0] + roi.image * params.channels * pixels;
    const int64 channel = (map - image) / steps.channel;
    const Mixture& mixture = roi.points.mixture;
    Vector<N> sum = filled<N>((acc_t)0);
    ROIKIT_ROLLED for (int n = 0; n < 2; ++n) {
        const acc_t weight = n ? mixture.high : mixture.low;
        if (weight == (acc_t)0) continue;
        const Turning<N> channels(channel, n - mixture.whole, params.orientations, steps.channel);
        sum = multiply_add<N>(weight, sum_of_bin<N>(roi, p, q, map, steps, channels, params), sum);
    }
    return sum / samples_of(roi.points);
}

extern "C" __global__ void __launch_bounds__(ROIKIT_THREADS, ROIKIT_FITTING_BLOCKS)
riroi_align_rotated_forward(const acc_t* boxes, const int64* number_of_rois, feature_t* output, int64* status,
                            const PoolingParams params) {
    pool_points(boxes, number_of_rois, output, status, params);
}
