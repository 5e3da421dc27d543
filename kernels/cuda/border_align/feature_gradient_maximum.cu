// BorderAlign, the gradient for the maps (BA-7): the points of sides.cuh, gathered by library/points/gather_maxima.cuh. The three
// launches of tiles.cu come before.
//
// The specialisation defines, besides the macros of the files below:
//   ROIKIT_WINNERS   channels whose winners a thread finds together (on a GPU 1 if channels are first)
//   ROIKIT_THREADS   the most that a block may have on a GPU; ROIKIT_BLOCKS as many of such blocks must fit a multiprocessor
#include "library/numeric.cuh"
#include "border_align/sides.cuh"
#include "library/modes.cuh"
#include "library/vectors.cuh"
#include "library/points/roi.cuh"
#include "library/points/gather_maxima.cuh"

extern "C" __global__ void __launch_bounds__(ROIKIT_THREADS, ROIKIT_FITTING_BLOCKS)
border_align_backward(const feature_t* grad, const acc_t* boxes, unsigned char* memory, const BackwardParams params) {
    ROIKIT_SHARED_MEMORY(shared_memory);
    gather_maxima_of_points(grad, boxes, memory, shared_memory, params);
}

extern "C" __global__ void __launch_bounds__(ROIKIT_THREADS, ROIKIT_FITTING_BLOCKS)
find_winners(const acc_t* boxes, const int64* number_of_rois, unsigned char* memory, const BackwardParams params) {
    find_winners_of_points<ROIKIT_WINNERS>(boxes, number_of_rois, memory, params);
}
