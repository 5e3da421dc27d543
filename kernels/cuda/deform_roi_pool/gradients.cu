// Deformable RoI pooling, the gradients for offsets (DP-8) and for boxes (DP-9), of the sums that motions.cu has of each bin.
//
// The specialisation defines, besides the macros of the files below:
//   ROIKIT_THREADS   the most that a block may have on a GPU
#include "library/numeric.cuh"
#include "deform_roi_pool/moved.cuh"
#include "library/points/roi.cuh"

struct GradientsParams {
    ROIKIT_ROI_FIELDS
    ROIKIT_GEOMETRY_FIELDS
};

constexpr int SUMS = 4;

// A thread takes bins.
extern "C" __global__ void __launch_bounds__(ROIKIT_THREADS)
deform_roi_pool_backward_offset(const acc_t* boxes, const acc_t* motions, feature_t* gradient, const GradientsParams params) {
    const int64 bins = (int64)params.bins_y * params.bins_x, step = (int64)gridDim.x * threads_of_block();
    ROIKIT_ROLLED for (int64 i = (int64)blockIdx.x * threads_of_block() + thread_of_block(); i < params.rois * bins; i += step) {
        const int64 k = i / bins, bin = i % bins;
        const Roi roi = read_roi(boxes + ROW_NUMBERS * k, params);
        feature_t* const mine = gradient + 2 * k * bins + bin;
        narrow(roi.points.x.reach * motions[SUMS * i + 1], mine[0]);
        narrow(roi.points.y.reach * motions[SUMS * i], mine[bins]);
    }
}

// What an axis of a RoI gets of a bin: how its first corner moves its samples, and how its second does.
struct Pull {
    acc_t first, second;
};

// DP-9. A bin whose offset is no number, or moves it beyond all numbers, has no samples.
ROIKIT_FN Pull pull_of(const Side& side, int64 bin, acc_t gamma, acc_t slope, acc_t slope_by_part) {
    const acc_t moved = side.offsets ? gamma * side.offsets[bin] : (acc_t)0;
    const acc_t second = slope_by_part + (is_finite(moved) ? moved : (acc_t)0) * slope;
    return Pull{slope - second, second};
}

// A thread takes RoIs, and adds their bins up in order.
extern "C" __global__ void __launch_bounds__(ROIKIT_THREADS)
deform_roi_pool_backward_boxes(const acc_t* boxes, const acc_t* motions, acc_t* gradient, const GradientsParams params) {
    const int64 bins = (int64)params.bins_y * params.bins_x, step = (int64)gridDim.x * threads_of_block();
    const acc_t gamma = (acc_t)params.gamma;
    ROIKIT_ROLLED for (int64 k = (int64)blockIdx.x * threads_of_block() + thread_of_block(); k < params.rois; k += step) {
        const Roi roi = read_roi(boxes + ROW_NUMBERS * k, params);
        acc_t sums[4] = {(acc_t)0, (acc_t)0, (acc_t)0, (acc_t)0};
        ROIKIT_ROLLED for (int64 bin = 0; bin < bins; ++bin) {
            const acc_t* const of_bin = motions + SUMS * (k * bins + bin);
            const Pull y = pull_of(roi.points.y, bin, gamma, of_bin[0], of_bin[2]);
            const Pull x = pull_of(roi.points.x, bin, gamma, of_bin[1], of_bin[3]);
            sums[0] += x.first;
            sums[1] += y.first;
            sums[2] += x.second;
            sums[3] += y.second;
        }
        for (int n = 0; n < 4; ++n) gradient[4 * k + n] = sums[n] * (acc_t)(n % 2 ? params.scales_y[0] : params.scales_x[0]);
    }
}
