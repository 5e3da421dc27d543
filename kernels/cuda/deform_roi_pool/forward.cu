// Deformable RoI pooling, forward: the points of moved.cuh, averaged by library/points/pooling.cuh and average.cuh.
//
// The specialisation defines, besides the macros of the files below:
//   ROIKIT_THREADS   the most that a block may have on a GPU; ROIKIT_BLOCKS as many of such blocks must fit a multiprocessor
#include "library/numeric.cuh"
#include "deform_roi_pool/moved.cuh"
#include "library/modes.cuh"
#include "library/vectors.cuh"
#include "library/points/roi.cuh"
#include "library/every_channel.cuh"

// Each RoI has all its channels (outputs.cuh).
template <class Params> ROIKIT_FN int64 boxes_together(const Params&) { return 1; }

#include "library/points/pooling.cuh"
#include "library/points/average.cuh"

extern "C" __global__ void __launch_bounds__(ROIKIT_THREADS, ROIKIT_FITTING_BLOCKS)
deform_roi_pool_forward(const acc_t* boxes, const int64* number_of_rois, feature_t* output, int64* status,
                        const PoolingParams params) {
    pool_points(boxes, number_of_rois, output, status, params);
}
