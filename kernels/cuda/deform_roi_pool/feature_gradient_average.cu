// Deformable RoI pooling, the gradient for the maps (DP-7): the points of moved.cuh, gathered by library/points/gathering.cuh. The three
// launches of tiles.cu come before.
//
// The specialisation defines, besides the macros of the files below:
//   ROIKIT_THREADS   the most that a block may have on a GPU; ROIKIT_BLOCKS as many of such blocks must fit a multiprocessor
#include "library/numeric.cuh"
#include "deform_roi_pool/moved.cuh"
#include "library/modes.cuh"
#include "library/vectors.cuh"
#include "library/points/roi.cuh"
#include "library/points/arriving.cuh"
#include "library/points/gathering.cuh"

extern "C" __global__ void __launch_bounds__(ROIKIT_THREADS, ROIKIT_FITTING_BLOCKS)
deform_roi_pool_backward(const feature_t* grad, const acc_t* boxes, unsigned char* memory, const BackwardParams params) {
    ROIKIT_SHARED_MEMORY(shared_memory);
    gather_points(grad, boxes, memory, shared_memory, params);
}
