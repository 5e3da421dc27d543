// Weighted RoIAlign, the gradient for what is sampled, before it is weighed (SW-6): RoIAlign's, of what bins share out. A block takes a tile of a map (tiles.cuh) for some channels; the three
// launches of tiles.cu come before.
//
// The specialisation defines, besides the macros of numeric.cuh, sampling.cuh, modes.cuh, roi.cuh and vectors.cuh:
//   ROIKIT_VECTOR    neighbouring elements that a thread takes together: channels (NHWC) or columns (NCHW)
//   ROIKIT_CHANNELS  channels of which a thread takes such columns (NCHW)
//   ROIKIT_THREADS   the most that a block may have on a GPU; ROIKIT_BLOCKS as many of such blocks must fit a multiprocessor
#include "library/numeric.cuh"
#include "library/sampling.cuh"
#include "library/modes.cuh"
#include "library/vectors.cuh"
#include "library/roi.cuh"
#include "library/gathering/sampled.cuh"

constexpr int VECTOR = ROIKIT_VECTOR;
constexpr int CHANNELS = ROIKIT_CHANNELS;

#include "library/gathering/gather_average.cuh"

extern "C" __global__ void __launch_bounds__(ROIKIT_THREADS, ROIKIT_FITTING_BLOCKS)
weighted_roi_align_backward(const feature_t* grad, const acc_t* boxes, unsigned char* memory, const BackwardParams params) {
    ROIKIT_SHARED_MEMORY(shared_memory);
    gather_averages(grad, boxes, memory, shared_memory, params);
}
