// What the pixels of a tile are sent by the averages of a chunk of RoIs, where each channel of the maps is read by one bin alone
// (selected.cuh). So a pixel gets one share of a RoI at most.
#pragma once

#include "library/selected.cuh"
#include "library/gathering/work.cuh"
#include "library/gathering/chunk.cuh"

// The bin that reads a channel, and what arrives there from the first RoI on.
struct Reader {
    int p, q;
    const feature_t* arriving;
};

ROIKIT_FN Reader reader_of(int64 channel, const feature_t* grad, const BackwardParams& params) {
    const int64 bins = (int64)params.bins_y * params.bins_x, channels = params.channels / bins;
    const Selector by = selector_of(channel, bins, channels);
    const int64 place = LAYOUT == Layout::NHWC ? by.bin * channels + by.channel : by.channel * bins + by.bin;
    return Reader{(int)(by.bin / params.bins_x), (int)(by.bin % params.bins_x), grad + place};
}

// The weight of a bin on a pixel of the tile along an axis; 0 if the segment has not the bin.
ROIKIT_FN acc_t weight_of(const acc_t* weights, int bin, int count, int segment, int pixel, int pixels, const BackwardParams& params) {
    const int most = params.bins_at_once, place = bin - segment * most;
    return place < 0 || place >= bins_in_segment(count, segment, most) ? (acc_t)0 : weights[(int64)place * pixels + pixel];
}

// What pixel (y, x) of the tile is sent, added to a sum in the order of the RoIs.
ROIKIT_FN acc_t gather_channel(const Chunk& chunk, const Reader& reader, Segment at, int y, int x, acc_t sum,
                               const BackwardParams& params) {
    const int most = params.bins_at_once;
    ROIKIT_ROLLED for (unsigned left = chunk.on_row[y] & chunk.on_column[x]; left; left &= left - 1) {
        const int n = lowest_bit(left);
        const Piece& piece = chunk.pieces[n];
        const acc_t along_y = weight_of(chunk.weights_y + (int64)n * most * params.tile_y, reader.p - piece.first_y, piece.count_y,
                                        at.y, y, params.tile_y, params);
        if (along_y == (acc_t)0) continue;  // what it would be multiplied with may be infinite
        const acc_t along_x = weight_of(chunk.weights_x + (int64)n * most * params.tile_x, reader.q - piece.first_x, piece.count_x,
                                        at.x, x, params.tile_x, params);
        if (along_x == (acc_t)0) continue;
        sum = multiply_add(along_y, along_x * widen(reader.arriving[piece.roi * params.channels]), sum);
    }
    return sum;
}

ROIKIT_FN void gather_average(const Chunk& chunk, const Work& work, const feature_t* grad, Segment at,
                              const BackwardParams& params) {
    const Tile& tile = work.tile;
    const int height = tile.y_end - tile.y_begin, width = tile.x_end - tile.x_begin, channels = (int)work.channels;
    const int64 row = params.widths[tile.level], pixels = params.heights[tile.level] * row;
    ROIKIT_ROLLED for (int i = thread_of_block(); i < channels * height * width; i += threads_of_block()) {
        // In the order of memory.
        const int c = LAYOUT == Layout::NHWC ? i % channels : i / (height * width);
        const int pixel = LAYOUT == Layout::NHWC ? i / channels : i % (height * width);
        const int y = pixel / width, x = pixel % width;
        const int64 place = (tile.y_begin + y) * row + tile.x_begin + x, channel = work.channel + c;
        acc_t* const held = work.sums + ((int64)c * params.tile_y + y) * params.tile_x + x;
        const acc_t sum = gather_channel(chunk, reader_of(channel, grad, params), at, y, x, work.fresh ? (acc_t)0 : *held, params);
        if (work.last) {
            narrow(sum, work.gradient[LAYOUT == Layout::NHWC ? place * params.channels + channel : channel * pixels + place]);
        } else {
            *held = sum;
        }
    }
}

#include "library/gathering/gather_tiles.cuh"
