// RoIAlign of volumes, the gradient for the maps (RV-9). A block takes a tile of a volume, slice below slice (tiles.cuh), for some
// channels; the three launches of tiles.cu come before.
//
// The specialisation defines, besides the macros of numeric.cuh, sampling.cuh, modes.cuh, roi_fields.cuh and vectors.cuh:
//   ROIKIT_VECTOR    neighbouring elements that a thread takes together: channels (NHWC) or columns (NCHW)
//   ROIKIT_CHANNELS  channels of which a thread takes such columns (NCHW)
//   ROIKIT_THREADS   the most that a block may have on a GPU; ROIKIT_BLOCKS as many of such blocks must fit a multiprocessor
#include "library/numeric.cuh"
#include "library/modes.cuh"
#include "roi_align_3d/volume.cuh"
#include "library/vectors.cuh"
#include "roi_align_3d/gathered.cuh"

constexpr int VECTOR = ROIKIT_VECTOR;
constexpr int CHANNELS = ROIKIT_CHANNELS;

#include "library/gathering/gather_average.cuh"

extern "C" __global__ void __launch_bounds__(ROIKIT_THREADS, ROIKIT_FITTING_BLOCKS)
roi_align_3d_backward(const feature_t* grad, const acc_t* boxes, unsigned char* memory, const BackwardParams params) {
    ROIKIT_SHARED_MEMORY(shared_memory);
    gather_averages(grad, boxes, memory, shared_memory, params);
}
