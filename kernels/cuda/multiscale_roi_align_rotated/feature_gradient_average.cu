// Rotated RoIAlign on a feature pyramid, the gradient for the maps of all levels: the points of levels.cuh, gathered by
// library/points/adding.cuh. The three launches of tiles.cu come before.
//
// The specialisation defines, besides the macros of the files below:
//   ROIKIT_THREADS   the most that a block may have on a GPU; ROIKIT_BLOCKS as many of such blocks must fit a multiprocessor
#include "library/numeric.cuh"
#include "multiscale_roi_align_rotated/levels.cuh"
#include "library/modes.cuh"
#include "library/vectors.cuh"
#include "library/points/arriving.cuh"
#include "library/points/adding.cuh"
#include "library/points/write_tile.cuh"

// A block takes one tile after the other, for some channels, and of each the RoIs that touch it in their order.
extern "C" __global__ void __launch_bounds__(ROIKIT_THREADS, ROIKIT_FITTING_BLOCKS)
multiscale_roi_align_rotated_backward(const feature_t* grad, const acc_t* boxes, unsigned char* memory, const BackwardParams params) {
    ROIKIT_SHARED_MEMORY(shared_memory);
    const Workspace workspace = divide(memory, params);
    const PointTile held = carve_tile(shared_memory, params);
    const int64 words = words_of(params), step = (int64)gridDim.y * params.channels_per_block;
    ROIKIT_ROLLED for (int64 i = blockIdx.x; i < params.tiles; i += gridDim.x) {
        const int64 tile = workspace.order[i];
        if (is_zero_already(workspace.touches[tile])) continue;
        ROIKIT_ROLLED for (int64 channel = blockIdx.y * params.channels_per_block; channel < params.channels; channel += step) {
            const Work work = work_at(tile, channel, held.sums, params);
            const BackwardParams own = with_first(work.tile.level, params);
            ROIKIT_ROLLED for (int64 n = thread_of_block(); n < held.pixels * params.channels_per_block; n += threads_of_block()) {
                held.sums[n] = (acc_t)0;
            }
            __syncthreads();
            ROIKIT_ROLLED for (int64 word = 0; workspace.touches[tile] && word < words; ++word) {
                ROIKIT_ROLLED for (unsigned left = workspace.touching[tile * words + word]; left; left &= left - 1) {
                    const int64 k = 32 * word + lowest_of(left);
                    add_roi(k, read_roi(boxes + ROW_NUMBERS * k, params), work, held, grad, own);
                }
            }
            write_tile(work, held, own);
            __syncthreads();
        }
    }
}
