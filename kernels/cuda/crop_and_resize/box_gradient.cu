// crop_and_resize, the gradient for the boxes (CR-8), by the lanes of lanes.cuh.
//
// The specialisation defines the macros of the files below.
#include "library/numeric.cuh"
#include "crop_and_resize/points.cuh"
#include "library/modes.cuh"
#include "library/vectors.cuh"
#include "library/roi.cuh"
#include "library/lanes.cuh"

// A point along an axis: the pixels on both sides of it, and how far from the first; those whose difference is the slope, equal for none;
// and how it moves with the first and the second corner, in units of `motion_of_one`.
struct Moving {
    Taps around;
    int low, high;
    acc_t first, second;
};

template <class Params> ROIKIT_FN Moving moving_at(const Axis& axis, int i, const Params& params) {
    Moving point;
    const acc_t at = position(axis, i);
    point.around = is_inside(at, axis.size) ? taps_between(at, axis.size) : Taps{-1, -1, (acc_t)0};
    point.low = point.around.low, point.high = point.around.high;
    if (params.slope_from_right && point.low == point.high && point.low + 1 < axis.size) ++point.high;
    if (axis.nearest && !params.slope_of_nearest) point.high = point.low;
    point.first = axis.points > 1 ? (acc_t)(axis.points - 1 - i) : (acc_t)1;
    point.second = axis.points > 1 ? (acc_t)i : (acc_t)1;
    return point;
}

// By how much the second of two points moves with the second corner; half of it if there is one point, which moves with both.
ROIKIT_FN acc_t motion_of_one(int points, int size) {
    return (acc_t)(size - 1) / (points > 1 ? (acc_t)(points - 1) : (acc_t)2);
}

// A point, and where channel 0 of what arrives there and of its image lie.
struct Place {
    Moving y, x;
    const feature_t *grad, *map;
    int64 row, pixel;  // steps
};

template <int N> ROIKIT_FN Vector<N> between(const feature_t* first, const feature_t* second, acc_t t) {
    const Vector<N> a = read_vector<N>(first);
    return t == (acc_t)0 ? a : a + t * (read_vector<N>(second) - a);
}

template <int N> ROIKIT_FN void add_point(Sums<N>& sums, const Place& at, int64 grad, int64 map) {
    const Vector<N> arriving = read_vector<N>(at.grad + grad);
    const feature_t* const image = at.map + map;
    const Taps &y = at.y.around, &x = at.x.around;
    if (at.y.high != at.y.low) {
        const feature_t *const low = image + at.y.low * at.row, *const high = image + at.y.high * at.row;
        const Vector<N> slope = between<N>(high + x.low * at.pixel, high + x.high * at.pixel, x.fraction) -
                                between<N>(low + x.low * at.pixel, low + x.high * at.pixel, x.fraction);
        const Vector<N> down = arriving * slope;
        sums.by[0] = multiply_add<N>(at.y.first, down, sums.by[0]);
        sums.by[2] = multiply_add<N>(at.y.second, down, sums.by[2]);
    }
    if (at.x.high != at.x.low) {
        const feature_t *const left = image + at.x.low * at.pixel, *const right = image + at.x.high * at.pixel;
        const Vector<N> slope = between<N>(right + y.low * at.row, right + y.high * at.row, y.fraction) -
                                between<N>(left + y.low * at.row, left + y.high * at.row, y.fraction);
        const Vector<N> along = arriving * slope;
        sums.by[1] = multiply_add<N>(at.x.first, along, sums.by[1]);
        sums.by[3] = multiply_add<N>(at.x.second, along, sums.by[3]);
    }
}

// Adds one lane's share of a box to `total`, four numbers.
ROIKIT_FN void add_lane(int lane, int64 k, const Roi& roi, const feature_t* grad, const BoxGradientParams& params, acc_t* total) {
    const int64 points = (int64)params.bins_y * params.bins_x;
    const int64 row_step = params.widths[0], pixels = params.heights[0] * row_step;
    const bool last = LAYOUT == Layout::NHWC;
    const int64 of_grad = last ? 1 : points, of_map = last ? 1 : pixels;  // from a channel to the next
    Place at;
    at.map = (const feature_t*)params.maps[0] + roi.image * params.channels * pixels;
    at.row = last ? row_step * params.channels : row_step;
    at.pixel = last ? params.channels : 1;
    Sums<VECTOR> sums;
    Sums<1> rest;
    ROIKIT_ROLLED for (int64 b = lane / CHANNEL_LANES; b < points; b += BIN_LANES) {
        at.y = moving_at(roi.y, (int)(b / params.bins_x), params);
        at.x = moving_at(roi.x, (int)(b % params.bins_x), params);
        if (at.y.around.low < 0 || at.x.around.low < 0) continue;
        at.grad = grad + (last ? (k * points + b) * params.channels : k * params.channels * points + b);
        ROIKIT_ROLLED for (int64 c = (int64)(lane % CHANNEL_LANES) * VECTOR; c < params.channels; c += CHANNEL_LANES * VECTOR) {
            const bool whole = c + VECTOR <= params.channels;
            if (whole) add_point<VECTOR>(sums, at, c * of_grad, c * of_map);
            ROIKIT_ROLLED for (int64 i = c; i < params.channels && !whole; ++i) add_point<1>(rest, at, i * of_grad, i * of_map);
        }
    }
    write_sums(sums, rest, total);
}

extern "C" __global__ void __launch_bounds__(ROIKIT_THREADS, ROIKIT_FITTING_BLOCKS)
crop_and_resize_backward_boxes(const feature_t* grad, const acc_t* boxes, const int64* number_of_rois, acc_t* gradient, int64* status,
                               const BoxGradientParams params) {
    ROIKIT_SHARED_MEMORY(shared_memory);
    acc_t* const totals = (acc_t*)shared_memory;
    const int64 rois = count_rois(number_of_rois, params.rois);
    ROIKIT_ROLLED for (int64 k = blockIdx.x; k < rois; k += gridDim.x) {
        const Roi roi = read_roi(boxes + 5 * k, params);
        ROIKIT_ROLLED for (int turn = thread_of_block(); turn < BIN_LANES * CHANNEL_LANES && !roi.refusal; turn += threads_of_block()) {
            add_lane(lane_of(turn), k, roi, grad, params, totals + 4 * lane_of(turn));
        }
        __syncthreads();
        ROIKIT_ROLLED for (int n = thread_of_block(); n < 4; n += threads_of_block()) {
            acc_t sum = (acc_t)0;
            ROIKIT_ROLLED for (int lane = 0; lane < BIN_LANES * CHANNEL_LANES && !roi.refusal; ++lane) sum += totals[4 * lane + n];
            const bool along_y = n % 2 == 0;
            const acc_t motion = motion_of_one(along_y ? params.bins_y : params.bins_x, along_y ? params.heights[0] : params.widths[0]);
            gradient[4 * k + n] = roi.refusal ? quiet_nan() : mul(sum, motion);
        }
        if (roi.refusal && thread_of_block() == 0) report(status, k, roi.refusal);
        __syncthreads();
    }
}
