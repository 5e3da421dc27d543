// Deformable PSRoIPool, the gradient for offsets (DQ-9), of the sums that motions.cu has of each bin in each class.
//
// The specialisation defines, besides the macros of the files below:
//   ROIKIT_THREADS   the most that a block may have on a GPU
#include "library/numeric.cuh"
#include "deform_ps_roi_pool/placed.cuh"
#include "library/points/roi.cuh"

struct GradientParams {
    ROIKIT_ROI_FIELDS
    ROIKIT_GEOMETRY_FIELDS
};

constexpr int SUMS = 2;

struct Slopes {
    acc_t down, right;
};

// What the bins of a part add up to, in their order.
ROIKIT_FN Slopes slopes_of_part(const Points& points, int row, int column, const acc_t* motions, const GradientParams& params) {
    Slopes sums = {(acc_t)0, (acc_t)0};
    ROIKIT_ROLLED for (int p = 0; p < params.bins_y; ++p) {
        if (part_with(points.y, p) != row) continue;
        ROIKIT_ROLLED for (int q = 0; q < params.bins_x; ++q) {
            if (part_with(points.x, q) != column) continue;
            const acc_t* const of_bin = motions + SUMS * ((int64)p * params.bins_x + q);
            sums.down += of_bin[0];
            sums.right += of_bin[1];
        }
    }
    return sums;
}

// A thread takes parts, each of a class of a RoI.
extern "C" __global__ void __launch_bounds__(ROIKIT_THREADS)
deform_ps_roi_pool_backward_offset(const acc_t* boxes, const acc_t* motions, feature_t* gradient, const GradientParams params) {
    const int64 bins = (int64)params.bins_y * params.bins_x, parts = (int64)params.parts_y * params.parts_x;
    const int64 count = params.rois * params.classes * parts, step = (int64)gridDim.x * threads_of_block();
    ROIKIT_ROLLED for (int64 i = (int64)blockIdx.x * threads_of_block() + thread_of_block(); i < count; i += step) {
        const int64 part = i % parts, k = i / parts / params.classes;
        const Roi roi = read_roi(boxes + ROW_NUMBERS * k, params);
        const Slopes sums = slopes_of_part(roi.points, (int)(part / params.parts_x), (int)(part % params.parts_x),
                                           motions + SUMS * (i / parts * bins), params);
        feature_t* const mine = gradient + 2 * (i / parts) * parts + part;
        narrow(roi.refusal ? quiet_nan() : roi.points.x.reach * sums.right, mine[0]);
        narrow(roi.refusal ? quiet_nan() : roi.points.y.reach * sums.down, mine[parts]);
    }
}
