// Writes what a tile of a map holds, of RoIs whose samples are points (tile_weights.cuh).
#pragma once

#include "library/square.cuh"

#ifdef __CUDA_ARCH__
ROIKIT_FN void write_tile(const Work& work, const PointTile& held, const BackwardParams& params) {
    const int64 row = params.widths[0], pixels = row * params.heights[0];
    const bool last = LAYOUT == Layout::NHWC;
    ROIKIT_ROLLED for (int64 i = thread_of_block(); i < held.pixels * work.channels; i += threads_of_block()) {
        const int pixel = (int)(last ? i / work.channels : i % held.pixels);
        const int64 c = last ? i % work.channels : i / held.pixels, channel = work.channel + c;
        if (!is_of_tile(work.tile, pixel, params)) continue;
        const int64 y = work.tile.y_begin + pixel / params.tile_x, x = work.tile.x_begin + pixel % params.tile_x;
        const int64 place = y * row + x;
        narrow(held.sums[pixel * params.channels_per_block + c],
               work.gradient[last ? place * params.channels + channel : channel * pixels + place]);
    }
}
#else
// Channels first: a square of columns × channels, or what of it is there.
ROIKIT_FN void write_square(const acc_t* sums, int64 next, int columns, int64 channels, feature_t* to, int64 pixels) {
    if (columns < LANES || channels < LANES) {
        for (int c = 0; c < LANES && c < channels; ++c) {
            for (int x = 0; x < LANES && x < columns; ++x) narrow(sums[x * next + c], to[c * pixels + x]);
        }
        return;
    }
    Block block;
    ROIKIT_EACH_LANE for (int x = 0; x < LANES; ++x) read(sums + x * next, block[x]);
    turn(block);
    ROIKIT_EACH_LANE for (int c = 0; c < LANES; ++c) write(block[c], to + c * pixels);
}

// Has memory bring what LANES channels of a tile are written to: of each a line for every row.
ROIKIT_FN void bring_rows_of_tile(feature_t* to, int64 row, int height, int width, int64 pixels) {
    for (int c = 0; c < LANES; ++c, to += pixels) {
        for (int y = 0; y < height; ++y) {
            __builtin_prefetch(to + y * row, 1);
            __builtin_prefetch(to + y * row + width - 1, 1);
        }
    }
}

ROIKIT_FN void write_tile(const Work& work, const PointTile& held, const BackwardParams& params) {
    const int64 row = params.widths[0], pixels = row * params.heights[0], next = params.channels_per_block;
    const int height = work.tile.y_end - work.tile.y_begin, width = work.tile.x_end - work.tile.x_begin;
    const int64 corner = work.tile.y_begin * row + work.tile.x_begin;
    if constexpr (LAYOUT == Layout::NHWC) {
        for (int i = thread_of_block(); i < height * width; i += threads_of_block()) {
            const int y = i / width, x = i % width;
            narrow_all(held.sums + (y * params.tile_x + x) * next, (int)work.channels,
                       work.gradient + (corner + y * row + x) * params.channels + work.channel);
        }
        return;
    }
    for (int64 c = (int64)thread_of_block() * LANES; c < work.channels; c += threads_of_block() * LANES) {
        feature_t* const first = work.gradient + (work.channel + c) * pixels + corner;
        if (c + 2 * LANES <= work.channels) bring_rows_of_tile(first + LANES * pixels, row, height, width, pixels);
        for (int y = 0; y < height; ++y) {
            const acc_t* const sums = held.sums + (int64)y * params.tile_x * next + c;
            for (int x = 0; x < width; x += LANES) {
                write_square(sums + x * next, next, width - x, work.channels - c, first + y * row + x, pixels);
            }
        }
    }
}
#endif
