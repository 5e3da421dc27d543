// What the pixels of a tile are sent by the maxima of a chunk of RoIs. A thread takes channels, and adds what each bin sends to the
// pixels that its winner was read from, so that no two threads write to the same sum.
#pragma once

#include "library/gathering/work.cuh"
#include "library/gathering/chunk.cuh"

#include "library/gathering/tile_sums.cuh"

// Sends what arrives at bin (p, q) of a RoI to the pixels that its winner was read from. The operator says which these are.
ROIKIT_FN void send(const Work& work, int64 c, const Piece& piece, int p, int q, const Winner& winner, acc_t grad,
                    const BackwardParams& params);

// Where channel 0 of a bin lies in an array like the output, and the step from channel to channel.
ROIKIT_FN int64 place_of_bin(int64 k, int p, int q, const BackwardParams& params) {
    const int64 bins = (int64)params.bins_y * params.bins_x, bin = (int64)p * params.bins_x + q;
    return LAYOUT == Layout::NHWC ? (k * bins + bin) * params.channels : k * params.channels * bins + bin;
}

ROIKIT_FN int64 channel_step(const BackwardParams& params) {
    return LAYOUT == Layout::NHWC ? 1 : (int64)params.bins_y * params.bins_x;
}

ROIKIT_FN void send_bin(const Work& work, int64 c, const Piece& piece, int p, int q, const feature_t* grad,
                        const Workspace& workspace, const BackwardParams& params) {
    const int64 place = place_of_bin(piece.roi, p, q, params) + (work.channel + c) * channel_step(params);
    const Winner winner = workspace.winners[place];
    if (winner.y < 0) return;
    send(work, c, piece, p, q, winner, widen(grad[place]), params);
}

// Bin by bin and channel by channel, along the output's memory. Only the order of bins matters, that of channels does not.
ROIKIT_FN void gather_maximum(const Chunk& chunk, const Work& work, const feature_t* grad, const Workspace& workspace,
                              const BackwardParams& params) {
    ROIKIT_ROLLED for (int n = 0; n < chunk.count; ++n) {
        const Piece& piece = chunk.pieces[n];
        const int end_y = piece.first_y + piece.count_y, end_x = piece.first_x + piece.count_x;
        if (LAYOUT == Layout::NHWC) {
            ROIKIT_ROLLED for (int p = piece.first_y; p < end_y; ++p) {
                ROIKIT_ROLLED for (int q = piece.first_x; q < end_x; ++q) {
                    ROIKIT_ROLLED for (int64 c = thread_of_block(); c < work.channels; c += threads_of_block()) {
                        send_bin(work, c, piece, p, q, grad, workspace, params);
                    }
                }
            }
        } else {
            ROIKIT_ROLLED for (int64 c = thread_of_block(); c < work.channels; c += threads_of_block()) {
                ROIKIT_ROLLED for (int p = piece.first_y; p < end_y; ++p) {
                    ROIKIT_ROLLED for (int q = piece.first_x; q < end_x; ++q) {
                        send_bin(work, c, piece, p, q, grad, workspace, params);
                    }
                }
            }
        }
    }
    __syncthreads();
}

#include "library/gathering/write_tile.cuh"

// A block takes a tile of a map for some channels; `gather(chunk, work, workspace)` adds what a chunk of RoIs sends.
template <class Gather> ROIKIT_FN void gather_maxima(const acc_t* boxes, unsigned char* memory, unsigned char* shared_memory,
                                                     const BackwardParams& params, const Gather& gather) {
    const Workspace workspace = divide(memory, params);
    unsigned char* free_memory = shared_memory;
    Chunk chunk = carve_chunk(free_memory, params);
    ROIKIT_ROLLED for (int64 i = blockIdx.x; i < params.tiles; i += gridDim.x) {
        const int64 tile = workspace.order[i];
        if (is_zero_already(workspace.touches[tile])) continue;
        const int64 step = gridDim.y * params.channels_per_block;
        ROIKIT_ROLLED for (int64 channel = blockIdx.y * params.channels_per_block; channel < params.channels; channel += step) {
            const Work work = work_at(tile, channel, (acc_t*)free_memory, params);
            if (workspace.touches[tile] == 0) {
                write_tile(work, [](int64, int, int) { return (acc_t)0; }, params);
                continue;
            }
            begin_chunks(chunk, workspace.touching + tile * words_of(params), workspace.touches[tile]);
            clear_sums(work, params);
            do {
                see_chunk(chunk, work.tile, boxes, workspace, params);
                gather(chunk, work, workspace);
            } while (chunk.left > 0);
            write_tile(work, [&](int64 c, int y, int x) { return work.sums[place_of_sum(c, y, x, params)]; }, params);
        }
    }
}
