// Rotation-invariant RoIAlign, the gradient for the boxes (RI-6), by the lanes of lanes.cuh: for cx, cy, w, h and the angle, which moves
// samples, and parts of orientations.
//
// The specialisation defines the macros of the files below.
#include "library/numeric.cuh"
#include "riroi_align_rotated/oriented.cuh"
#include "library/modes.cuh"
#include "library/vectors.cuh"
#include "library/points/roi.cuh"
#include "library/every_channel.cuh"
#include "library/lanes.cuh"
#include "library/bilinear.cuh"
#include "library/points/slopes.cuh"
#include "library/points/turned_gradient.cuh"
#include "riroi_align_rotated/returned.cuh"

// The value of a sample that is inside, of N channels.
template <int N> ROIKIT_FN Vector<N> value_at(const Place& at, const Point& point, int height, int width) {
    const Sample y = interpolate(point.y, height), x = interpolate(point.x, width);
    const feature_t *const low = at.map + y.low * at.row, *const high = at.map + y.high * at.row;
    Vector<N> sum = y.weight_low * x.weight_low * read_channels<N>(low + x.low * at.pixel, at.map_step);
    sum = multiply_add<N>(y.weight_low * x.weight_high, read_channels<N>(low + x.high * at.pixel, at.map_step), sum);
    sum = multiply_add<N>(y.weight_high * x.weight_low, read_channels<N>(high + x.low * at.pixel, at.map_step), sum);
    return multiply_add<N>(y.weight_high * x.weight_high, read_channels<N>(high + x.high * at.pixel, at.map_step), sum);
}

// A bin, and its samples.
struct OrientedBin {
    const Roi& roi;
    const BoxGradientParams& params;
    int p, q;
    Samples samples;
    bool counts;

    ROIKIT_METHOD OrientedBin(const Roi& roi, const BoxGradientParams& params, int p, int q)
        : roi(roi), params(params), p(p), q(q),
          samples(samples_near(roi.points, p, q, area_of_map(params.heights[0], params.widths[0]))), counts(true) {}

    // The channel of the map that a place is at, whose number is not told otherwise.
    ROIKIT_METHOD int64 channel_of(const Place& at) const {
        const int64 pixels = (int64)params.heights[0] * params.widths[0];
        return (at.map - ((const feature_t*)params.maps[0] + roi.image * params.channels * pixels)) / at.map_step;
    }

    template <int N> ROIKIT_METHOD void add(Sums<N>& sums, Sums<1>&, const Place& at) const {
        const int64 channel = channel_of(at);
        const Returned returned{at.grad - channel * at.grad_step, at.grad_step, roi.points.mixture, params.orientations};
        const Vector<N> arriving = returned.mixed<N>(channel);
        // RI-6: finished_number turns the sign of all that the angle of a box sends which turns clockwise; orientations know nothing of it.
        const acc_t turns = mul((acc_t)params.orientations, constant(TURN == Turn::clockwise ? -0.15915494309189535 : 0.15915494309189535));
        const bool mixes = params.orientations > 1;  // or both channels are one
        const Vector<N> turning = mixes ? turns * (returned.at<N>(channel, 1) - returned.at<N>(channel, 0)) : filled<N>((acc_t)0);
        const int height = params.heights[0], width = params.widths[0];
        ROIKIT_ROLLED for (int i = samples.y_begin; i < samples.y_end; ++i) {
            ROIKIT_ROLLED for (int j = samples.x_begin; j < samples.x_end; ++j) {
                const Point point = point_at(roi.points, p, q, i, j);
                if (!is_inside(point, height, width)) continue;
                const Slopes<N> slopes(at, point, height, width);
                add_moves<N>(sums, arriving * slopes.down, arriving * slopes.right, roi.points, params, p, q, i, j);
                if (mixes) sums.by[4] = sums.by[4] + turning * value_at<N>(at, point, height, width);
            }
        }
    }
};

struct OrientedBoxGradient {
    typedef OrientedBin Bin;

    static constexpr bool TURNS = false;

    ROIKIT_METHOD static bool is_nan(const Roi&) { return false; }
    ROIKIT_METHOD static bool is_zero(const Roi&) { return false; }

    ROIKIT_METHOD static acc_t finished(acc_t sum, int n, const Roi& roi, const BoxGradientParams& params) {
        return finished_number(sum, n, roi.points, params);
    }
};

extern "C" __global__ void __launch_bounds__(ROIKIT_THREADS, ROIKIT_FITTING_BLOCKS)
riroi_align_rotated_backward_boxes(const feature_t* grad, const acc_t* boxes, const int64* number_of_rois, acc_t* gradient,
                                   int64* status, const BoxGradientParams params) {
    ROIKIT_SHARED_MEMORY(shared_memory);
    add_up_rois<OrientedBoxGradient>(grad, boxes, number_of_rois, gradient, status, shared_memory, params);
}
