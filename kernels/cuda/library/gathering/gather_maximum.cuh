// What the pixels of a tile are sent by the maxima of a chunk of RoIs. A thread takes channels, and adds what each bin sends to the
// pixels that its winner was read from, so that no two threads write to the same sum.
#pragma once

#include "library/gathering/work.cuh"
#include "library/gathering/chunk.cuh"

ROIKIT_FN void clear_sums(const Work& work, const BackwardParams& params) {
    const int64 count = (int64)params.tile_y * params.tile_x * params.channels_per_block;
    ROIKIT_ROLLED for (int64 i = thread_of_block(); i < count; i += threads_of_block()) work.sums[i] = (acc_t)0;
    __syncthreads();
}

// Pixels are rows and columns of the map.
ROIKIT_FN void add_to_pixel(const Work& work, int64 c, int y, int x, acc_t value, const BackwardParams& params) {
    const Tile& tile = work.tile;
    if (y < tile.y_begin || y >= tile.y_end || x < tile.x_begin || x >= tile.x_end) return;
    work.sums[((int64)(y - tile.y_begin) * params.tile_x + x - tile.x_begin) * params.channels_per_block + c] += value;
}

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

ROIKIT_FN void gather_maximum(const Chunk& chunk, const Work& work, const feature_t* grad, const Workspace& workspace,
                              const BackwardParams& params) {
    const int64 step = channel_step(params);
    ROIKIT_ROLLED for (int n = 0; n < chunk.count; ++n) {
        const Piece& piece = chunk.pieces[n];
        ROIKIT_ROLLED for (int i = 0; i < piece.count_y * piece.count_x; ++i) {
            const int p = piece.first_y + i / piece.count_x, q = piece.first_x + i % piece.count_x;
            const int64 first = place_of_bin(piece.roi, p, q, params) + work.channel * step;
            ROIKIT_ROLLED for (int64 c = thread_of_block(); c < work.channels; c += threads_of_block()) {
                const Winner winner = workspace.winners[first + c * step];
                if (winner.y < 0) continue;
                send(work, c, piece, p, q, winner, widen(grad[first + c * step]), params);
            }
        }
    }
    __syncthreads();
}

ROIKIT_FN void write_sums(const Work& work, const BackwardParams& params) {
    const Tile& tile = work.tile;
    const int height = tile.y_end - tile.y_begin, width = tile.x_end - tile.x_begin;
    const int64 columns = params.widths[tile.level], pixels = params.heights[tile.level] * columns;
    ROIKIT_ROLLED for (int64 i = thread_of_block(); i < (int64)height * width * work.channels; i += threads_of_block()) {
        // In the order of the map's memory.
        const int64 c = LAYOUT == Layout::NHWC ? i % work.channels : i / (height * width);
        const int64 pixel = LAYOUT == Layout::NHWC ? i / work.channels : i % (height * width);
        const int y = (int)(pixel / width), x = (int)(pixel % width);
        const int64 place = (tile.y_begin + y) * columns + tile.x_begin + x;
        const acc_t sum = work.sums[((int64)y * params.tile_x + x) * params.channels_per_block + c];
        const int64 channel = work.channel + c;
        narrow(sum, work.gradient[LAYOUT == Layout::NHWC ? place * params.channels + channel : channel * pixels + place]);
    }
    __syncthreads();
}

// A block takes a tile of a map for some channels. Winners are known.
ROIKIT_FN void gather_maxima(const feature_t* grad, const acc_t* boxes, unsigned char* memory, unsigned char* shared_memory,
                             const BackwardParams& params) {
    const Workspace workspace = divide(memory, params);
    unsigned char* free_memory = shared_memory;
    Chunk chunk = carve_chunk(free_memory, params);
    ROIKIT_ROLLED for (int64 i = blockIdx.x; i < params.tiles; i += gridDim.x) {
        const int64 tile = workspace.order[i];
        const int64 step = gridDim.y * params.channels_per_block;
        ROIKIT_ROLLED for (int64 channel = blockIdx.y * params.channels_per_block; channel < params.channels; channel += step) {
            const Work work = work_at(tile, channel, (acc_t*)free_memory, params);
            begin_chunks(chunk, workspace.touching + tile * words_of(params), workspace.touches[tile]);
            clear_sums(work, params);
            do {
                see_chunk(chunk, work.tile, boxes, workspace, params);
                gather_maximum(chunk, work, grad, workspace, params);
            } while (chunk.left > 0);
            write_sums(work, params);
        }
    }
}
