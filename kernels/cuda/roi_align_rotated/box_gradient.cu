// Rotated RoIAlign, the gradient for the boxes (RR-12), by the lanes of lanes.cuh: for cx, cy, w, h and the angle.
//
// The specialisation defines the macros of the files below.
#include "library/numeric.cuh"
#include "roi_align_rotated/turned.cuh"
#include "library/modes.cuh"
#include "library/vectors.cuh"
#include "library/points/roi.cuh"
#include "library/every_channel.cuh"
#include "library/lanes.cuh"
#include "library/bilinear.cuh"
#include "library/points/slopes.cuh"

// Where a sample lies along an axis, in parts of the size; 0 if RR-5 holds that.
ROIKIT_FN acc_t share_of(const Side& side, int bins, int p, int i) {
    if (side.held) return (acc_t)0;
    return ((acc_t)p + ((acc_t)i + (acc_t)0.5f) / side.grid) / (acc_t)bins - (acc_t)0.5f;
}

// A bin, and its samples.
struct TurnedBin {
    const Roi& roi;
    const BoxGradientParams& params;
    int p, q;
    Samples samples;
    bool counts;

    ROIKIT_METHOD TurnedBin(const Roi& roi, const BoxGradientParams& params, int p, int q)
        : roi(roi), params(params), p(p), q(q),
          samples(samples_near(roi.points, p, q, area_of_map(params.heights[0], params.widths[0]))), counts(true) {}

    template <int N> ROIKIT_METHOD void add(Sums<N>& sums, Sums<1>&, const Place& at) const {
        const Vector<N> arriving = read_channels<N>(at.grad, at.grad_step);
        ROIKIT_ROLLED for (int i = samples.y_begin; i < samples.y_end; ++i) {
            ROIKIT_ROLLED for (int j = samples.x_begin; j < samples.x_end; ++j) {
                const Point point = point_at(roi.points, p, q, i, j);
                if (is_inside(point, params.heights[0], params.widths[0])) add_sample<N>(sums, arriving, at, point, i, j);
            }
        }
    }

    template <int N> ROIKIT_METHOD void add_sample(Sums<N>& sums, const Vector<N>& arriving, const Place& at, const Point& point,
                                                   int i, int j) const {
        const Slopes<N> slopes(at, point, params.heights[0], params.widths[0]);
        const Vector<N> down = arriving * slopes.down, right = arriving * slopes.right;
        const acc_t cos = roi.points.turned.cos, sin = roi.points.turned.sin;
        const acc_t v = way(roi.points.v, p, i), u = way(roi.points.u, q, j);
        const acc_t by_h = share_of(roi.points.v, params.bins_y, p, i), by_w = share_of(roi.points.u, params.bins_x, q, j);
        sums.by[0] = sums.by[0] + right;
        sums.by[1] = sums.by[1] + down;
        sums.by[2] = multiply_add<N>(-by_w * sin, down, multiply_add<N>(by_w * cos, right, sums.by[2]));
        sums.by[3] = multiply_add<N>(by_h * cos, down, multiply_add<N>(by_h * sin, right, sums.by[3]));
        sums.by[4] = multiply_add<N>(-(v * sin + u * cos), down, multiply_add<N>(v * cos - u * sin, right, sums.by[4]));
    }
};

struct TurnedBoxGradient {
    typedef TurnedBin Bin;

    static constexpr bool TURNS = false;

    ROIKIT_METHOD static bool is_nan(const Roi&) { return false; }
    ROIKIT_METHOD static bool is_zero(const Roi&) { return false; }

    ROIKIT_METHOD static acc_t finished(acc_t sum, int n, const Roi& roi, const BoxGradientParams& params) {
        const acc_t mean = sum / samples_of(roi.points);
        if (n < 4) return mean * (acc_t)params.scales_y[0];
        const acc_t turn = UNIT == Unit::degrees ? constant(0.017453292519943295) : (acc_t)1;
        return mean * (TURN == Turn::clockwise ? -turn : turn);
    }
};

extern "C" __global__ void __launch_bounds__(ROIKIT_THREADS, ROIKIT_FITTING_BLOCKS)
roi_align_rotated_backward_boxes(const feature_t* grad, const acc_t* boxes, const int64* number_of_rois, acc_t* gradient,
                                 int64* status, const BoxGradientParams params) {
    ROIKIT_SHARED_MEMORY(shared_memory);
    add_up_rois<TurnedBoxGradient>(grad, boxes, number_of_rois, gradient, status, shared_memory, params);
}
