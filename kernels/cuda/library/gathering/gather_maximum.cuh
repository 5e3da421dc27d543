// What the pixels of a tile are sent by the maxima of a chunk of RoIs. A thread takes channels, and adds what each bin sends to the
// pixels that its winner was read from, so that no two threads write to the same sum.
//
// The specialisation defines ROIKIT_SUMS as NCHW or NHWC: how the sums of a tile lie. A CPU has them as the map lies in memory, and
// writes runs of neighbours; on a GPU channels are neighbours, as the threads are that take them.
#pragma once

#include "library/gathering/work.cuh"
#include "library/gathering/chunk.cuh"

constexpr Layout SUMS = Layout::ROIKIT_SUMS;

// Where the sum of a pixel of the tile lies.
ROIKIT_FN int64 place_of_sum(int64 c, int y, int x, const BackwardParams& params) {
    return SUMS == Layout::NHWC ? ((int64)y * params.tile_x + x) * params.channels_per_block + c
                                : (c * params.tile_y + y) * params.tile_x + x;
}

ROIKIT_FN void clear_sums(const Work& work, const BackwardParams& params) {
    const int64 count = (int64)params.tile_y * params.tile_x * params.channels_per_block;
    ROIKIT_ROLLED for (int64 i = thread_of_block(); i < count; i += threads_of_block()) work.sums[i] = (acc_t)0;
    __syncthreads();
}

// Adds `weight` of what arrives to a pixel, which is a row and a column of the map.
ROIKIT_FN void add_to_pixel(const Work& work, int64 c, int y, int x, acc_t weight, acc_t grad, const BackwardParams& params) {
    const Tile& tile = work.tile;
    if (y < tile.y_begin || y >= tile.y_end || x < tile.x_begin || x >= tile.x_end) return;
    acc_t& sum = work.sums[place_of_sum(c, y - tile.y_begin, x - tile.x_begin, params)];
    sum = multiply_add(weight, grad, sum);
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

// Writes `value_at(c, y, x)` to every pixel of the tile.
template <class Value> ROIKIT_FN void write_tile(const Work& work, const Value& value_at, const BackwardParams& params) {
    const Tile& tile = work.tile;
    const int height = tile.y_end - tile.y_begin, width = tile.x_end - tile.x_begin;
    const int64 columns = params.widths[tile.level], pixels = params.heights[tile.level] * columns;
    const int64 corner = tile.y_begin * columns + tile.x_begin;
    if (LAYOUT == Layout::NHWC) {
        ROIKIT_ROLLED for (int y = 0; y < height; ++y) {
            ROIKIT_ROLLED for (int x = 0; x < width; ++x) {
                feature_t* const pixel = work.gradient + (corner + y * columns + x) * params.channels + work.channel;
                ROIKIT_ROLLED for (int64 c = thread_of_block(); c < work.channels; c += threads_of_block()) {
                    narrow(value_at(c, y, x), pixel[c]);
                }
            }
        }
    } else if (SUMS == Layout::NCHW) {
        ROIKIT_ROLLED for (int64 c = thread_of_block(); c < work.channels; c += threads_of_block()) {
            ROIKIT_ROLLED for (int y = 0; y < height; ++y) {
                feature_t* const row = work.gradient + (work.channel + c) * pixels + corner + y * columns;
                ROIKIT_ROLLED for (int x = 0; x < width; ++x) narrow(value_at(c, y, x), row[x]);
            }
        }
    } else {  // neighbouring threads take neighbouring pixels
        ROIKIT_ROLLED for (int64 i = thread_of_block(); i < (int64)height * width * work.channels; i += threads_of_block()) {
            const int64 c = i / (height * width);
            const int pixel = (int)(i % (height * width)), y = pixel / width, x = pixel % width;
            narrow(value_at(c, y, x), work.gradient[(work.channel + c) * pixels + corner + y * columns + x]);
        }
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
                gather_maximum(chunk, work, grad, workspace, params);
            } while (chunk.left > 0);
            write_tile(work, [&](int64 c, int y, int x) { return work.sums[place_of_sum(c, y, x, params)]; }, params);
        }
    }
}
