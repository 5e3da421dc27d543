// RoIAlign, the gradient of averages for the maps (RA-15). A block takes a tile of a map (tiles.cuh) for some channels; the three
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
#include "library/gathering/tiles.cuh"
#include "library/gathering/work.cuh"

constexpr int VECTOR = ROIKIT_VECTOR;
constexpr int CHANNELS = ROIKIT_CHANNELS;

#include "library/gathering/chunk.cuh"
#include "library/gathering/gather_average.cuh"

extern "C" __global__ void __launch_bounds__(ROIKIT_THREADS, ROIKIT_FITTING_BLOCKS)
roi_align_backward(const feature_t* grad, const acc_t* boxes, unsigned char* memory, const BackwardParams params) {
    ROIKIT_SHARED_MEMORY(shared_memory);
    const Workspace workspace = divide(memory, params);
    unsigned char* free_memory = shared_memory;
    Chunk chunk = carve_chunk(free_memory, params);
    ROIKIT_ROLLED for (int64 i = blockIdx.x; i < params.tiles; i += gridDim.x) {
        const int64 tile = workspace.order[i];
        const int64 step = gridDim.y * params.channels_per_block;
        ROIKIT_ROLLED for (int64 channel = blockIdx.y * params.channels_per_block; channel < params.channels; channel += step) {
            Work work = work_at(tile, channel, (acc_t*)free_memory, params);
            begin_chunks(chunk, workspace.touching + tile * words_of(params), workspace.touches[tile]);
            do {
                see_chunk(chunk, work.tile, boxes, workspace, params);
                // Nearly always there is one segment. Without RoIs there is one, empty, and zeros are written.
                const int segments = segments_of(chunk, params);
                ROIKIT_ROLLED for (int segment = 0; segment < segments; ++segment) {
                    const Segment at = segment_at(chunk, segment);
                    work.last = chunk.left == 0 && segment == segments - 1;
                    weigh(chunk, work.tile, at, params);
                    gather_average(chunk, work, grad, at, params);
                    work.fresh = false;
                    __syncthreads();
                }
            } while (chunk.left > 0);
        }
    }
}
