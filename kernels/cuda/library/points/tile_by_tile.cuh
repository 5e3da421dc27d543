// A block takes one tile of a map after the other, for some channels, and of each the RoIs that touch it in their order.
//
// What a RoI sends to a tile comes before: `add_roi(k, roi, work, held, grad, params)`, called by all threads of a block, which is
// synchronised when it returns.
#pragma once

#include "library/points/write_tile.cuh"

// A block takes a tile of a map for some channels.
ROIKIT_FN void gather_points(const feature_t* grad, const acc_t* boxes, unsigned char* memory, unsigned char* shared_memory,
                             const BackwardParams& params) {
    const Workspace workspace = divide(memory, params);
    const PointTile held = carve_tile(shared_memory, params);
    ROIKIT_ROLLED for (int64 i = blockIdx.x; i < params.tiles; i += gridDim.x) {
        const int64 tile = workspace.order[i], words = words_of(params);
        if (is_zero_already(workspace.touches[tile])) continue;
        const int64 step = (int64)gridDim.y * params.channels_per_block;
        ROIKIT_ROLLED for (int64 channel = blockIdx.y * params.channels_per_block; channel < params.channels; channel += step) {
            const Work work = work_at(tile, channel, held.sums, params);
            ROIKIT_ROLLED for (int64 n = thread_of_block(); n < held.pixels * params.channels_per_block; n += threads_of_block()) {
                held.sums[n] = (acc_t)0;
            }
            __syncthreads();
            ROIKIT_ROLLED for (int64 word = 0; workspace.touches[tile] && word < words; ++word) {
                ROIKIT_ROLLED for (unsigned left = workspace.touching[tile * words + word]; left; left &= left - 1) {
                    const int64 k = 32 * word + lowest_of(left);
                    add_roi(k, read_roi(boxes + ROW_NUMBERS * k, params), work, held, grad, params);
                }
            }
            write_tile(work, held, params);
            __syncthreads();
        }
    }
}
