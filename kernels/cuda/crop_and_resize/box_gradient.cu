// crop_and_resize, the gradient for the boxes (CR-8), by the lanes of lanes.cuh.
//
// The specialisation defines the macros of the files below.
#include "library/numeric.cuh"
#include "crop_and_resize/points.cuh"
#include "library/modes.cuh"
#include "library/vectors.cuh"
#include "library/roi.cuh"
#include "library/every_channel.cuh"
#include "library/lanes.cuh"

// A point along an axis: the pixels on both sides of it, and how far from the first; those whose difference is the slope, equal for none;
// and how it moves with the first and the second corner, in units of `motion_of_one`.
struct Moving {
    Taps around;
    int low, high;
    acc_t first, second;

    Moving() = default;

    ROIKIT_METHOD Moving(const Axis& axis, int, int i, const BoxGradientParams& params) {
        const acc_t at = position(axis, i);
        around = is_inside(at, axis.size) ? taps_between(at, axis.size) : Taps{-1, -1, (acc_t)0};
        low = around.low, high = around.high;
        if (params.slope_from_right && low == high && low + 1 < axis.size) ++high;
        if (axis.nearest && !params.slope_of_nearest) high = low;
        first = axis.points > 1 ? (acc_t)(axis.points - 1 - i) : (acc_t)1;
        second = axis.points > 1 ? (acc_t)i : (acc_t)1;
    }
};

// By how much the second of two points moves with the second corner; half of it if there is one point, which moves with both.
ROIKIT_FN acc_t motion_of_one(int points, int size) {
    return (acc_t)(size - 1) / (points > 1 ? (acc_t)(points - 1) : (acc_t)2);
}

// A value between two, of which the second does not count where t is 0.
template <int N> ROIKIT_FN Vector<N> between(const Vector<N>& first, const Vector<N>& second, acc_t t) {
    return t == (acc_t)0 ? first : first + t * (second - first);
}

// A point of the crop.
struct Point {
    typedef Moving Along;

    Moving y, x;
    bool counts;

    ROIKIT_METHOD Point(const Roi& roi, const BoxGradientParams& params, int p, int q)
        : Point(roi, params, Moving(roi.y, params.bins_y, p, params), Moving(roi.x, params.bins_x, q, params)) {}

    ROIKIT_METHOD Point(const Roi&, const BoxGradientParams&, const Moving& y, const Moving& x)
        : y(y), x(x), counts(y.around.low >= 0 && x.around.low >= 0) {}

    template <int N> ROIKIT_METHOD void add(Sums<N>& sums, Sums<1>&, const Place& at) const {
        const Vector<N> arriving = read_channels<N>(at.grad, at.grad_step);
        const feature_t *const low = at.map + y.low * at.row, *const high = at.map + (y.high > y.around.high ? y.high : y.around.high) * at.row;
        const int64 left = x.low * at.pixel, right = (x.high > x.around.high ? x.high : x.around.high) * at.pixel;
        const Vector<N> c00 = read_channels<N>(low + left, at.map_step), c01 = read_channels<N>(low + right, at.map_step);
        const Vector<N> c10 = read_channels<N>(high + left, at.map_step), c11 = read_channels<N>(high + right, at.map_step);
        if (y.high != y.low) {
            const Vector<N> slope = between<N>(c10, c11, x.around.fraction) - between<N>(c00, c01, x.around.fraction);
            const Vector<N> down = arriving * slope;
            sums.by[0] = multiply_add<N>(y.first, down, sums.by[0]);
            sums.by[2] = multiply_add<N>(y.second, down, sums.by[2]);
        }
        if (x.high != x.low) {
            const Vector<N> slope = between<N>(c01, c11, y.around.fraction) - between<N>(c00, c10, y.around.fraction);
            const Vector<N> along = arriving * slope;
            sums.by[1] = multiply_add<N>(x.first, along, sums.by[1]);
            sums.by[3] = multiply_add<N>(x.second, along, sums.by[3]);
        }
    }
};

struct CropBoxGradient {
    typedef Point Bin;
    static constexpr bool TURNS = true;

#ifndef __CUDA_ARCH__
    ROIKIT_METHOD static Span reach_along(const Axis& axis, int points) {
        return reach_between(position(axis, 0), position(axis, points - 1), axis.size);
    }

    ROIKIT_METHOD static int64 reads(const Roi&, int64 bins) { return 4 * bins; }
#endif

    ROIKIT_METHOD static bool is_nan(const Roi&) { return false; }
    ROIKIT_METHOD static bool is_zero(const Roi&) { return false; }

    ROIKIT_METHOD static acc_t finished(acc_t sum, int n, const Roi&, const BoxGradientParams& params) {
        const bool along_y = n % 2 == 0;
        return mul(sum, motion_of_one(along_y ? params.bins_y : params.bins_x, along_y ? params.heights[0] : params.widths[0]));
    }
};

extern "C" __global__ void __launch_bounds__(ROIKIT_THREADS, ROIKIT_FITTING_BLOCKS)
crop_and_resize_backward_boxes(const feature_t* grad, const acc_t* boxes, const int64* number_of_rois, acc_t* gradient, int64* status,
                               const BoxGradientParams params) {
    ROIKIT_SHARED_MEMORY(shared_memory);
    add_up_rois<CropBoxGradient>(grad, boxes, number_of_rois, gradient, status, shared_memory, params);
}
