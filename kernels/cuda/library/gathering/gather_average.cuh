// What the pixels of a tile are sent by the averages of a chunk of RoIs: for each pixel the bins whose lists of both axes have it, in
// order.
#pragma once

#include "library/gathering/work.cuh"
#include "library/gathering/chunk.cuh"
#include "library/gathering/gather_strips.cuh"

// ---- channels last: a thread takes a vector of channels of a pixel ---------------------------------------------------------

template <int N> ROIKIT_FN Vector<N> gather_pixel(const Chunk& chunk, const feature_t* grad, Segment at, int y, int x,
                                                  int64 channel, Vector<N> sum, const BackwardParams& params) {
    const int most = params.bins_at_once;
    ROIKIT_ROLLED for (unsigned left = chunk.on_row[y] & chunk.on_column[x]; left; left &= left - 1) {
        const int n = lowest_bit(left);
        const Span rows = chunk.rows[n * params.tile_y + y], columns = chunk.columns[n * params.tile_x + x];
        const Piece& piece = chunk.pieces[n];
        const int p = piece.first_y + at.y * most, q = piece.first_x + at.x * most;
        const feature_t* const first = grad + (((piece.roi * params.bins_y + p) * params.bins_x + q) * params.channels + channel);
        const acc_t* const weights_y = chunk.weights_y + (int64)n * most * params.tile_y + y;
        const acc_t* const weights_x = chunk.weights_x + (int64)n * most * params.tile_x + x;
        ROIKIT_ROLLED for (int a = rows.begin; a < rows.end; ++a) {
            const feature_t* const row = first + (int64)a * params.bins_x * params.channels;
            Vector<N> line = filled<N>((acc_t)0);
            ROIKIT_ROLLED for (int b = columns.begin; b < columns.end; ++b) {
                line = multiply_add<N>(weights_x[b * params.tile_x], load<N>(row + b * params.channels), line);
            }
            sum = multiply_add<N>(weights_y[a * params.tile_y], line, sum);
        }
    }
    return sum;
}

template <int N> ROIKIT_FN void gather_vectors(const Chunk& chunk, const Work& work, const feature_t* grad, Segment at, int y, int x,
                                               int64 c, int64 end, feature_t* pixel, acc_t* sums,
                                               const BackwardParams& params) {
    ROIKIT_ROLLED for (; c + N <= end; c += N) {
        const Vector<N> before = work.fresh ? filled<N>((acc_t)0) : read_vector<N>(sums + c);
        const Vector<N> sum = gather_pixel<N>(chunk, grad, at, y, x, work.channel + c, before, params);
        if (work.last) {
            store<N>(sum, pixel + c);
        } else {
            write_vector<N>(sum, sums + c);
        }
    }
    if constexpr (N > 1 && !ALIGNED) {
        gather_vectors<(N > 4 ? N / 4 : 1)>(chunk, work, grad, at, y, x, c, end, pixel, sums, params);
    }
}

ROIKIT_FN void gather_channels_last(const Chunk& chunk, const Work& work, const feature_t* grad, Segment at,
                                    const BackwardParams& params) {
    const Tile& tile = work.tile;
    const int width = tile.x_end - tile.x_begin, pixels = (tile.y_end - tile.y_begin) * width;
    ROIKIT_ROLLED for (int i = threadIdx.y; i < pixels; i += blockDim.y) {
        const int y = i / width, x = i % width;
        const int64 place = (int64)(tile.y_begin + y) * params.widths[tile.level] + tile.x_begin + x;
        feature_t* const pixel = work.gradient + place * params.channels + work.channel;
        acc_t* const sums = work.sums + i * params.channels_per_block;
        ROIKIT_ROLLED for (int64 c = (int64)threadIdx.x * VECTOR; c < work.channels; c += (int64)blockDim.x * VECTOR) {
            const int64 end = c + VECTOR < work.channels ? c + VECTOR : work.channels;
            gather_vectors<VECTOR>(chunk, work, grad, at, y, x, c, end, pixel, sums, params);
        }
    }
}

// ---- channels first on a CPU: a thread takes neighbouring columns of a row, in some channels --------------------------------

// For C channels from `channel` on. Weights of bins that a column does not have are zero.
template <int N, int C> ROIKIT_FN void gather_columns(const Chunk& chunk, const feature_t* grad, Segment at, int y, int x,
                                                      int64 channel, Vector<N>* sums, const BackwardParams& params) {
    const int most = params.bins_at_once;
    const int64 bins = (int64)params.bins_y * params.bins_x;
    ROIKIT_ROLLED for (unsigned left = chunk.on_row[y]; left; left &= left - 1) {
        const int n = lowest_bit(left);
        const Piece& piece = chunk.pieces[n];
        const Span rows = chunk.rows[n * params.tile_y + y];
        const int columns = bins_in_segment(piece.count_x, at.x, most);
        const int p = piece.first_y + at.y * most, q = piece.first_x + at.x * most;
        const feature_t* const first = grad + (piece.roi * params.channels + channel) * bins + (int64)p * params.bins_x + q;
        const acc_t* const weights_y = chunk.weights_y + (int64)n * most * params.tile_y + y;
        const acc_t* const weights_x = chunk.weights_x + (int64)n * most * params.tile_x + x;
        ROIKIT_ROLLED for (int a = rows.begin; a < rows.end; ++a) {
            const feature_t* const row = first + (int64)a * params.bins_x;
            Vector<N> line[C];
            for (int c = 0; c < C; ++c) line[c] = filled<N>((acc_t)0);
            ROIKIT_ROLLED for (int b = 0; b < columns; ++b) {
                const Vector<N> weights = read_vector<N>(weights_x + b * params.tile_x);
                for (int c = 0; c < C; ++c) line[c] = multiply_add_where_not_zero<N>(weights, widen(row[c * bins + b]), line[c]);
            }
            for (int c = 0; c < C; ++c) sums[c] = multiply_add<N>(weights_y[a * params.tile_y], line[c], sums[c]);
        }
    }
}

// Writes the first `count` numbers of a vector.
template <int N> ROIKIT_FN void write_some(const Vector<N>& from, feature_t* to, int count) {
    if (count >= N) return write_vector<N>(from, to);
    acc_t values[N];
    write_vector<N>(from, values);
    for (int v = 0; v < count; ++v) narrow(values[v], to[v]);
}

// Gathers C channels of the tile from `c` on.
template <int C> ROIKIT_FN void gather_row(const Chunk& chunk, const Work& work, const feature_t* grad, Segment at, int64 c, int y,
                                           int x, const BackwardParams& params) {
    const Tile& tile = work.tile;
    const int64 stride = params.widths[tile.level], pixels = params.heights[tile.level] * stride;
    acc_t* const sums = work.sums + (c * params.tile_y + y) * params.tile_x + x;
    const int64 next = (int64)params.tile_y * params.tile_x;
    Vector<VECTOR> sum[C];
    for (int i = 0; i < C; ++i) sum[i] = work.fresh ? filled<VECTOR>((acc_t)0) : read_vector<VECTOR>(sums + i * next);
    gather_columns<VECTOR, C>(chunk, grad, at, y, x, work.channel + c, sum, params);
    feature_t* const row = work.gradient + (work.channel + c) * pixels + (tile.y_begin + y) * stride + tile.x_begin + x;
    for (int i = 0; i < C; ++i) {
        if (work.last) {
            write_some<VECTOR>(sum[i], row + i * pixels, tile.x_end - tile.x_begin - x);
        } else {
            write_vector<VECTOR>(sum[i], sums + i * next);
        }
    }
}

ROIKIT_FN void gather_channels_first(const Chunk& chunk, const Work& work, const feature_t* grad, Segment at,
                                     const BackwardParams& params) {
    const int height = work.tile.y_end - work.tile.y_begin;
    const int vectors = (work.tile.x_end - work.tile.x_begin + VECTOR - 1) / VECTOR;
    const int groups = (int)((work.channels + CHANNELS - 1) / CHANNELS), items = groups * height * vectors;
    ROIKIT_ROLLED for (int i = thread_of_block(); i < items; i += threads_of_block()) {
        const int x = i % vectors * VECTOR, y = i / vectors % height;
        int64 c = (int64)(i / (vectors * height)) * CHANNELS;
        if (c + CHANNELS <= work.channels) {
            gather_row<CHANNELS>(chunk, work, grad, at, c, y, x, params);
        } else {
            ROIKIT_ROLLED for (; c < work.channels; ++c) gather_row<1>(chunk, work, grad, at, c, y, x, params);
        }
    }
}

ROIKIT_FN void gather_average(const Chunk& chunk, const Work& work, const feature_t* grad, Segment at,
                              const BackwardParams& params) {
    if constexpr (LAYOUT == Layout::NHWC) {
        gather_channels_last(chunk, work, grad, at, params);
    } else if constexpr (VECTOR > 1) {
        gather_channels_first(chunk, work, grad, at, params);
    } else {
        gather_strips(chunk, work, grad, at, params);
    }
}

#include "library/gathering/gather_tiles.cuh"
