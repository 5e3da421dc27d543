// PSRoIAlign on a feature pyramid, forward: each RoI on the map of its level, which library/roi.cuh chooses; the average of the samples
// of each bin, in channels of its own, by library/pooling/selected_average.cuh.
//
// The specialisation defines the macros of the files below.
#include "library/numeric.cuh"
#include "library/sampling.cuh"
#include "library/modes.cuh"
#include "library/geometry.cuh"
#include "library/vectors.cuh"
#include "library/roi.cuh"
#include "library/pooling/selected_average.cuh"

extern "C" __global__ void __launch_bounds__(ROIKIT_THREADS, ROIKIT_FITTING_BLOCKS)
multiscale_ps_roi_align_forward(const acc_t* boxes, const int64* number_of_rois, feature_t* output, unsigned char* workspace,
                                int64* status, const PoolingParams params) {
    pool_rois(boxes, number_of_rois, output, workspace, status, params);
}
