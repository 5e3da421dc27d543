// What the pixels of a tile are sent by the averages of a chunk of RoIs, where each channel of the maps is read by one bin alone
// (selected.cuh). So a pixel gets one share of a RoI at most: that of the bin that reads the channel, if it has the pixel. Which channels
// these are, the bins say that have the pixel; all others, nearly all that there are, are not looked at.
#pragma once

#include "library/selected.cuh"
#include "library/gathering/work.cuh"
#include "library/gathering/chunk.cuh"

// Channels of the output, so many from the first one on; after the last comes channel 0.
struct Outputs {
    int64 first;
    int count;
};

// Those for which some bin reads a channel of the block.
ROIKIT_FN Outputs outputs_of(const Work& work, int64 bins, int64 channels) {
    if (CHANNEL_ORDER == ChannelOrder::class_major) {
        const int64 first = work.channel / bins;
        return Outputs{first, (int)((work.channel + work.channels - 1) / bins - first + 1)};
    }
    return Outputs{work.channel % channels, (int)(work.channels < channels ? work.channels : channels)};
}

// Where the sum of channel c of the block and of a pixel lies: in the order of the map's memory.
ROIKIT_FN int64 place_of_sum(int64 c, int y, int x, const BackwardParams& params) {
    return LAYOUT == Layout::NHWC ? ((int64)y * params.tile_x + x) * params.channels_per_block + c
                                  : (c * params.tile_y + y) * params.tile_x + x;
}

// What bin (p, q) sends to a pixel for some channels of the output.
ROIKIT_FN void add_shares(const Work& work, const feature_t* arriving, int p, int q, acc_t along_y, acc_t along_x, int y, int x,
                          const Outputs& outputs, const BackwardParams& params) {
    const int64 bins = (int64)params.bins_y * params.bins_x, channels = params.channels / bins;
    const int64 bin = (int64)p * params.bins_x + q;
    const Selected by = selected_by(bin, bins, channels);
    ROIKIT_ROLLED for (int i = 0; i < outputs.count; ++i) {
        const int64 after = outputs.first + i, channel = after < channels ? after : after - channels;
        const int64 c = by.first + channel * by.step - work.channel;
        if (c < 0 || c >= work.channels) continue;  // of another block
        acc_t& sum = work.sums[place_of_sum(c, y, x, params)];
        const feature_t sent = arriving[LAYOUT == Layout::NHWC ? bin * channels + channel : channel * bins + bin];
        sum = multiply_add(along_y, along_x * widen(sent), sum);
    }
}

// What pixel (y, x) of the tile is sent for some channels of the output, added up in the order of the RoIs.
ROIKIT_FN void gather_pixel(const Chunk& chunk, const Work& work, const feature_t* grad, Segment at, int y, int x,
                            const Outputs& outputs, const BackwardParams& params) {
    const int most = params.bins_at_once;
    ROIKIT_ROLLED for (unsigned left = chunk.on_row[y] & chunk.on_column[x]; left; left &= left - 1) {
        const int n = lowest_bit(left);
        const Span rows = chunk.rows[n * params.tile_y + y], columns = chunk.columns[n * params.tile_x + x];
        const Piece& piece = chunk.pieces[n];
        const int p = piece.first_y + at.y * most, q = piece.first_x + at.x * most;
        const acc_t* const weights_y = chunk.weights_y + (int64)n * most * params.tile_y + y;
        const acc_t* const weights_x = chunk.weights_x + (int64)n * most * params.tile_x + x;
        const feature_t* const arriving = grad + piece.roi * params.channels;
        ROIKIT_ROLLED for (int a = rows.begin; a < rows.end; ++a) {
            const acc_t along_y = weights_y[a * params.tile_y];
            if (along_y == (acc_t)0) continue;  // what it would be multiplied with may be infinite
            ROIKIT_ROLLED for (int b = columns.begin; b < columns.end; ++b) {
                const acc_t along_x = weights_x[b * params.tile_x];
                if (along_x == (acc_t)0) continue;
                add_shares(work, arriving, p + a, q + b, along_y, along_x, y, x, outputs, params);
            }
        }
    }
}

// All pixels of the tile. A thread of a GPU takes a channel of the output, one of a CPU all of them.
ROIKIT_FN void gather_pixels(const Chunk& chunk, const Work& work, const feature_t* grad, Segment at, const BackwardParams& params) {
    const Tile& tile = work.tile;
    const int width = tile.x_end - tile.x_begin, pixels = (tile.y_end - tile.y_begin) * width;
    const int64 bins = (int64)params.bins_y * params.bins_x, channels = params.channels / bins;
    const Outputs outputs = outputs_of(work, bins, channels);
#ifdef __CUDA_ARCH__
    ROIKIT_ROLLED for (int i = thread_of_block(); i < outputs.count * pixels; i += threads_of_block()) {
        const int c = LAYOUT == Layout::NHWC ? i % outputs.count : i / pixels, pixel = LAYOUT == Layout::NHWC ? i / outputs.count : i % pixels;
        const int64 after = outputs.first + c;
        const Outputs one = {after < channels ? after : after - channels, 1};
        gather_pixel(chunk, work, grad, at, pixel / width, pixel % width, one, params);
    }
#else
    ROIKIT_ROLLED for (int i = thread_of_block(); i < pixels; i += threads_of_block()) {
        gather_pixel(chunk, work, grad, at, i / width, i % width, outputs, params);
    }
#endif
}

// In the order of memory.
ROIKIT_FN void write_sums(const Work& work, const BackwardParams& params) {
    const Tile& tile = work.tile;
    const int height = tile.y_end - tile.y_begin, width = tile.x_end - tile.x_begin, channels = (int)work.channels;
    const int64 columns = params.widths[tile.level], pixels = params.heights[tile.level] * columns;
    const int64 corner = tile.y_begin * columns + tile.x_begin;
    if (LAYOUT == Layout::NHWC) {
        ROIKIT_ROLLED for (int i = 0; i < height * width; ++i) {
            const int y = i / width, x = i % width;
            feature_t* const pixel = work.gradient + (corner + y * columns + x) * params.channels + work.channel;
            const acc_t* const sums = work.sums + place_of_sum(0, y, x, params);
            ROIKIT_ROLLED for (int c = thread_of_block(); c < channels; c += threads_of_block()) narrow(sums[c], pixel[c]);
        }
        return;
    }
#ifdef __CUDA_ARCH__
    ROIKIT_ROLLED for (int i = thread_of_block(); i < channels * height * width; i += threads_of_block()) {
        const int c = i / (height * width), pixel = i % (height * width), y = pixel / width, x = pixel % width;
        narrow(work.sums[place_of_sum(c, y, x, params)], work.gradient[(work.channel + c) * pixels + corner + y * columns + x]);
    }
#else
    ROIKIT_ROLLED for (int c = thread_of_block(); c < channels; c += threads_of_block()) {
        for (int y = 0; y < height; ++y) {
            feature_t* const row = work.gradient + (work.channel + c) * pixels + corner + y * columns;
            const acc_t* const sums = work.sums + place_of_sum(c, y, 0, params);
            for (int x = 0; x < width; ++x) narrow(sums[x], row[x]);
        }
    }
#endif
}

ROIKIT_FN void gather_average(const Chunk& chunk, const Work& work, const feature_t* grad, Segment at,
                              const BackwardParams& params) {
    if (work.fresh) {
        const int sums = (int)params.channels_per_block * params.tile_y * params.tile_x;
        ROIKIT_ROLLED for (int i = thread_of_block(); i < sums; i += threads_of_block()) work.sums[i] = (acc_t)0;
        __syncthreads();
    }
    gather_pixels(chunk, work, grad, at, params);
    if (work.last) {
        __syncthreads();
        write_sums(work, params);
    }
}

#include "library/gathering/gather_tiles.cuh"
