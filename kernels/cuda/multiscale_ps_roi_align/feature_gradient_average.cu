// PSRoIAlign on a feature pyramid, the gradient for the maps of all levels. A block takes a tile of one of them (tiles.cuh) for some
// channels, each of which one bin reads; the three launches of tiles.cu come before.
//
// The specialisation defines, besides the macros of the files below:
//   ROIKIT_THREADS   the most that a block may have on a GPU; ROIKIT_BLOCKS as many of such blocks must fit a multiprocessor
#include "library/numeric.cuh"
#include "library/sampling.cuh"
#include "library/modes.cuh"
#include "library/roi.cuh"
#include "library/gathering/sampled.cuh"
#include "library/gathering/gather_selected.cuh"

extern "C" __global__ void __launch_bounds__(ROIKIT_THREADS, ROIKIT_FITTING_BLOCKS)
multiscale_ps_roi_align_backward(const feature_t* grad, const acc_t* boxes, unsigned char* memory, const BackwardParams params) {
    ROIKIT_SHARED_MEMORY(shared_memory);
    gather_averages(grad, boxes, memory, shared_memory, params);
}
