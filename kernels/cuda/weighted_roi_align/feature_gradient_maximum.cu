// Weighted RoIAlign, the gradient of maxima for what is sampled, before it is weighed (SW-13): RoIAlign's, of maps that are weighed. First the
// winner of every bin is found; then a block takes a tile of a map (tiles.cuh) for some channels. The three launches of tiles.cu come before.
//
// The specialisation defines, besides the macros of the files below:
//   ROIKIT_WINNERS   channels whose winners a thread finds together (on a GPU 1 if channels are first)
//   ROIKIT_THREADS   the most that a block may have on a GPU; ROIKIT_BLOCKS as many of such blocks must fit a multiprocessor
#include "library/numeric.cuh"
#include "library/sampling.cuh"
#include "library/modes.cuh"
#include "library/geometry.cuh"
#include "library/roi.cuh"
#include "library/gathering/sampled.cuh"
#include "library/sampled_winner.cuh"
#include "library/gathering/find_winners.cuh"
#include "library/gathering/send_sample.cuh"

extern "C" __global__ void __launch_bounds__(ROIKIT_THREADS, ROIKIT_FITTING_BLOCKS)
weighted_roi_align_backward(const feature_t* grad, const acc_t* boxes, unsigned char* memory, const BackwardParams params) {
    ROIKIT_SHARED_MEMORY(shared_memory);
    gather_maxima(boxes, memory, shared_memory, params, [&](const Chunk& chunk, const Work& work, const Workspace& workspace) {
        gather_maximum(chunk, work, grad, workspace, params);
    });
}

extern "C" __global__ void __launch_bounds__(ROIKIT_THREADS, ROIKIT_FITTING_BLOCKS)
find_winners(const acc_t* boxes, const int64* number_of_rois, unsigned char* memory, const BackwardParams params) {
    find_all_winners<ROIKIT_WINNERS>(boxes, number_of_rois, memory, params);
}
