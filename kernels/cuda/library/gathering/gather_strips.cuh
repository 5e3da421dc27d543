// Channels first on a GPU: a thread takes a strip, some rows of a column, in some channels. What a row of bins puts on the column is
// summed once for all rows of the strip, each of which then takes its share. Neighbouring threads take neighbouring columns, and go
// through the RoIs together, even through those that do not touch their column: they read the same lines of memory.
#pragma once

constexpr int STRIP = 4;  // rows

struct Strip {
    int y, x;       // of its first row in the tile
    int64 channel;  // of its first in the tile's
};

// Weights of a bin on the rows of a strip, read together.
struct alignas(16) StripWeights {
    acc_t on[STRIP];
};

template <int C> struct StripSums {
    acc_t of[C][STRIP];
};

// What some bins of a row, from `bin` on, put on a column, for each channel.
template <int C> struct Line {
    acc_t of[C];

    ROIKIT_METHOD Line(const feature_t* bin, int64 channel_step, const acc_t* weight, int weight_step, int count) {
        for (int c = 0; c < C; ++c) of[c] = (acc_t)0;
        ROIKIT_ROLLED for (; count > 0; --count) {
            for (int c = 0; c < C; ++c) of[c] = multiply_add(*weight, widen(bin[c * channel_step]), of[c]);
            ++bin, weight += weight_step;
        }
    }
};

template <int C> ROIKIT_FN void gather_strip(const Chunk& chunk, const feature_t* grad, Segment at, const Strip& strip,
                                             StripSums<C>& sums, const BackwardParams& params) {
    const int most = params.bins_at_once;
    const int64 bins = (int64)params.bins_y * params.bins_x;
    unsigned on_strip = 0;
    for (int r = 0; r < STRIP; ++r) on_strip |= chunk.on_row[strip.y + r];
    ROIKIT_ROLLED for (unsigned left = on_strip; left; left &= left - 1) {
        const int n = lowest_bit(left);
        const Piece& piece = chunk.pieces[n];
        const Span columns = chunk.columns[n * params.tile_x + strip.x];
        const int p = piece.first_y + at.y * most, q = piece.first_x + at.x * most + columns.begin;
        const feature_t* bin = grad + (piece.roi * params.channels + strip.channel) * bins + (int64)p * params.bins_x + q;
        const acc_t* weights_y = chunk.weights_y + n * most * params.tile_y + strip.y;
        const acc_t* const weights_x = chunk.weights_x + (n * most + columns.begin) * params.tile_x + strip.x;
        const int rows_of_bins = columns.end > 0 ? bins_in_segment(piece.count_y, at.y, most) : 0;
        ROIKIT_ROLLED for (int a = 0; a < rows_of_bins; ++a) {
            const StripWeights weights = *reinterpret_cast<const StripWeights*>(weights_y);
            bool puts[STRIP], any = false;
            for (int r = 0; r < STRIP; ++r) puts[r] = weights.on[r] != (acc_t)0, any |= puts[r];
            if (any) {
                const Line<C> line(bin, bins, weights_x, params.tile_x, columns.end - columns.begin);
                for (int r = 0; r < STRIP; ++r) {
                    if (!puts[r]) continue;  // what it would be multiplied with may be infinite
                    for (int c = 0; c < C; ++c) sums.of[c][r] = multiply_add(weights.on[r], line.of[c], sums.of[c][r]);
                }
            }
            bin += params.bins_x, weights_y += params.tile_y;
        }
    }
}

// Gathers C channels of a strip, of which `rows` rows are in the map.
template <int C> ROIKIT_FN void gather_channels_of_strip(const Chunk& chunk, const Work& work, const feature_t* grad, Segment at,
                                                         const Strip& strip, int rows, const BackwardParams& params) {
    const Tile& tile = work.tile;
    const int width = params.widths[tile.level], next = params.tile_y * params.tile_x;
    const int64 channel = work.channel + strip.channel, pixels = (int64)params.heights[tile.level] * width;
    acc_t* const held = work.sums + (strip.channel * params.tile_y + strip.y) * params.tile_x + strip.x;
    StripSums<C> sums;
    for (int c = 0; c < C; ++c) {
        for (int r = 0; r < STRIP; ++r) {
            sums.of[c][r] = work.fresh || r >= rows ? (acc_t)0 : held[c * next + r * params.tile_x];
        }
    }
    gather_strip<C>(chunk, grad, at, Strip{strip.y, strip.x, channel}, sums, params);
    feature_t* const column = work.gradient + channel * pixels + (int64)(tile.y_begin + strip.y) * width + tile.x_begin + strip.x;
    for (int c = 0; c < C; ++c) {
        for (int r = 0; r < STRIP; ++r) {
            if (r >= rows) continue;
            if (work.last) {
                narrow(sums.of[c][r], column[c * pixels + (int64)r * width]);
            } else {
                held[c * next + r * params.tile_x] = sums.of[c][r];
            }
        }
    }
}

ROIKIT_FN void gather_strips(const Chunk& chunk, const Work& work, const feature_t* grad, Segment at,
                             const BackwardParams& params) {
    const int height = work.tile.y_end - work.tile.y_begin, width = work.tile.x_end - work.tile.x_begin;
    const int across = params.tile_x, groups = (int)((work.channels + CHANNELS - 1) / CHANNELS);
    const int items = across * groups * ((height + STRIP - 1) / STRIP);
    ROIKIT_ROLLED for (int i = thread_of_block(); i < items; i += threads_of_block()) {
        Strip strip = {i / (across * groups) * STRIP, i % across, (int64)(i / across % groups) * CHANNELS};
        if (strip.x >= width) continue;
        const int rows = height - strip.y < STRIP ? height - strip.y : STRIP;
        if (strip.channel + CHANNELS <= work.channels) {
            gather_channels_of_strip<CHANNELS>(chunk, work, grad, at, strip, rows, params);
        } else {
            ROIKIT_ROLLED for (; strip.channel < work.channels; ++strip.channel) {
                gather_channels_of_strip<1>(chunk, work, grad, at, strip, rows, params);
            }
        }
    }
}
