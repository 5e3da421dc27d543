// Rotated RoIAlign on a feature pyramid, the gradient for the boxes, by the lanes of lanes.cuh: for cx, cy, w, h and the angle, each on
// the map of its level.
//
// The specialisation defines the macros of the files below.
#include "library/numeric.cuh"
#include "multiscale_roi_align_rotated/levels.cuh"
#include "library/modes.cuh"
#include "library/vectors.cuh"
#include "library/every_channel.cuh"
#include "library/lanes.cuh"
#include "library/bilinear.cuh"
#include "library/points/slopes.cuh"
#include "library/points/turned_gradient.cuh"

// A bin, and its samples.
struct TurnedBin {
    const Roi& roi;
    const BoxGradientParams& params;
    int p, q, height, width;
    Samples samples;
    bool counts;

    ROIKIT_METHOD TurnedBin(const Roi& roi, const BoxGradientParams& params, int p, int q)
        : roi(roi), params(params), p(p), q(q), height(params.heights[roi.level]), width(params.widths[roi.level]),
          samples(samples_near(roi.points, p, q, area_of_map(height, width))), counts(true) {}

    template <int N> ROIKIT_METHOD void add(Sums<N>& sums, Sums<1>&, const Place& at) const {
        const Vector<N> arriving = read_channels<N>(at.grad, at.grad_step);
        ROIKIT_ROLLED for (int i = samples.y_begin; i < samples.y_end; ++i) {
            ROIKIT_ROLLED for (int j = samples.x_begin; j < samples.x_end; ++j) {
                const Point point = point_at(roi.points, p, q, i, j);
                if (!is_inside(point, height, width)) continue;
                const Slopes<N> slopes(at, point, height, width);
                add_moves<N>(sums, arriving * slopes.down, arriving * slopes.right, roi.points, params, p, q, i, j);
            }
        }
    }
};

struct TurnedBoxGradient {
    typedef TurnedBin Bin;

    static constexpr bool TURNS = false;

    ROIKIT_METHOD static bool is_nan(const Roi&) { return false; }
    ROIKIT_METHOD static bool is_zero(const Roi&) { return false; }

    ROIKIT_METHOD static acc_t finished(acc_t sum, int n, const Roi& roi, const BoxGradientParams& params) {
        return finished_number(sum, n, roi.points, with_first(roi.level, params));
    }
};

extern "C" __global__ void __launch_bounds__(ROIKIT_THREADS, ROIKIT_FITTING_BLOCKS)
multiscale_roi_align_rotated_backward_boxes(const feature_t* grad, const acc_t* boxes, const int64* number_of_rois, acc_t* gradient,
                                            int64* status, const BoxGradientParams params) {
    ROIKIT_SHARED_MEMORY(shared_memory);
    add_up_rois<TurnedBoxGradient>(grad, boxes, number_of_rois, gradient, status, shared_memory, params);
}
