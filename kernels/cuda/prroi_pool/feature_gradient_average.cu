// PrRoIPool, the gradient for the maps (PR-7). A block takes a tile of a map (tiles.cuh) for some channels; the three launches of tiles.cu
// come before.
//
// The specialisation defines, besides the macros of numeric.cuh, modes.cuh, roi.cuh and vectors.cuh:
//   ROIKIT_VECTOR    neighbouring elements that a thread takes together: channels (NHWC) or columns (NCHW)
//   ROIKIT_CHANNELS  channels of which a thread takes such columns (NCHW)
//   ROIKIT_THREADS   the most that a block may have on a GPU; ROIKIT_BLOCKS as many of such blocks must fit a multiprocessor
#include "library/numeric.cuh"
#include "prroi_pool/integral.cuh"
#include "library/modes.cuh"
#include "library/vectors.cuh"
#include "library/roi.cuh"
#include "prroi_pool/gathered.cuh"

constexpr int VECTOR = ROIKIT_VECTOR;
constexpr int CHANNELS = ROIKIT_CHANNELS;

#include "library/gathering/gather_average.cuh"

extern "C" __global__ void __launch_bounds__(ROIKIT_THREADS, ROIKIT_FITTING_BLOCKS)
prroi_pool_backward(const feature_t* grad, const acc_t* boxes, unsigned char* memory, const BackwardParams params) {
    ROIKIT_SHARED_MEMORY(shared_memory);
    gather_averages(grad, boxes, memory, shared_memory, params);
}
