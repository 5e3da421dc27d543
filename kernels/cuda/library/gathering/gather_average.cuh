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

// ---- channels first on a CPU: a thread takes neighbouring columns of the tile, in some channels -----------------------------

// The bins that put weight on some of so many columns. They ascend as the columns do, or descend, as those of an inverted box.
ROIKIT_FN Span bins_on(const Span* columns, int count) {
    int first = 0, last = count - 1;
    while (first < last && columns[first].end == 0) ++first;
    while (last > first && columns[last].end == 0) --last;
    const Span a = columns[first], b = columns[last];
    return Span{a.begin < b.begin ? a.begin : b.begin, a.end > b.end ? a.end : b.end};
}

// The columns of a tile from `x` on, `count` of them at the most as many as a vector has; and the tile's rows.
struct Columns {
    int x, count, rows;
};

#ifndef __CUDA_ARCH__
// Widens some bins of a row of C channels, a register of them at once: one by one they would be widened for each register of columns.
// Before `end` the gradient goes on.
template <int C>
ROIKIT_FN void widen_bins(const feature_t* bins, int64 next, int count, const feature_t* end, acc_t (&to)[C][LANES]) {
    if (bins + (C - 1) * next + LANES <= end) {
        for (int c = 0; c < C; ++c) {
            Register widened;
            read(bins + c * next, widened);
            write(widened, to[c]);
        }
        return;
    }
    for (int c = 0; c < C; ++c) {
        for (int b = 0; b < count && b < LANES; ++b) to[c][b] = widen(bins[c * next + b]);
    }
}
#endif

// What a row of bins puts on the columns is summed once for all rows of the tile, each of which then takes its share. `sums` are those
// of C channels, `next` from one to the next. Weights of bins that a column does not have are zero.
template <int C> ROIKIT_FN void gather_columns(const Chunk& chunk, const feature_t* grad, Segment at, const Columns& columns,
                                               int64 channel, acc_t* sums, int64 next, const BackwardParams& params) {
    const int most = params.bins_at_once;
    const int64 bins = (int64)params.bins_y * params.bins_x;
#ifndef __CUDA_ARCH__
    const feature_t* const end_of_grad = grad + params.rois * params.channels * bins;
    acc_t widened[C][LANES];
#endif
    unsigned on_tile = 0;
    for (int y = 0; y < columns.rows; ++y) on_tile |= chunk.on_row[y];
    ROIKIT_ROLLED for (unsigned left = on_tile; left; left &= left - 1) {
        const int n = lowest_bit(left);
        const Piece& piece = chunk.pieces[n];
        const Span across = bins_on(chunk.columns + n * params.tile_x + columns.x, columns.count);
        const int down = across.end > 0 ? bins_in_segment(piece.count_y, at.y, most) : 0;
        const int p = piece.first_y + at.y * most, q = piece.first_x + at.x * most;
        const feature_t* const first = grad + (piece.roi * params.channels + channel) * bins + (int64)p * params.bins_x + q;
        const acc_t* const weights_x = chunk.weights_x + (int64)n * most * params.tile_x + columns.x;
        ROIKIT_ROLLED for (int a = 0; a < down; ++a) {
            const acc_t* const weights_y = chunk.weights_y + ((int64)n * most + a) * params.tile_y;
            int y = 0, end = columns.rows;
            while (y < end && weights_y[y] == (acc_t)0) ++y;
            while (y < end && weights_y[end - 1] == (acc_t)0) --end;
            if (y == end) continue;
            const feature_t* const row = first + (int64)a * params.bins_x;
            Vector<VECTOR> line[C];
            for (int c = 0; c < C; ++c) line[c] = filled<VECTOR>((acc_t)0);
            ROIKIT_ROLLED for (int b = across.begin; b < across.end; ++b) {
                const Vector<VECTOR> weights = read_vector<VECTOR>(weights_x + b * params.tile_x);
#ifndef __CUDA_ARCH__
                const int place = (b - across.begin) % LANES;
                if (NARROW && place == 0) widen_bins<C>(row + b, bins, across.end - b, end_of_grad, widened);
                for (int c = 0; c < (NARROW ? C : 0); ++c) {
                    line[c] = multiply_add_where_not_zero<VECTOR>(weights, widened[c][place], line[c]);
                }
                if (NARROW) continue;
#endif
                for (int c = 0; c < C; ++c) {
                    line[c] = multiply_add_where_not_zero<VECTOR>(weights, widen(row[c * bins + b]), line[c]);
                }
            }
            ROIKIT_ROLLED for (; y < end; ++y) {
                if (weights_y[y] == (acc_t)0) continue;  // what it would be multiplied with may be infinite
                for (int c = 0; c < C; ++c) {
                    acc_t* const sum = sums + c * next + y * params.tile_x;
                    write_vector<VECTOR>(multiply_add<VECTOR>(weights_y[y], line[c], read_vector<VECTOR>(sum)), sum);
                }
            }
        }
    }
}

// The rows of a tile in the memory of a gradient, for some channels.
struct Rows {
    feature_t* first;
    int64 channel, row;  // from one to the next
    int rows, count;     // of each `count` numbers, as many as a vector has at the most
};

// Asks for the lines of memory that will be written to.
ROIKIT_FN void fetch_rows(const Rows& to, int channels) {
#ifndef __CUDA_ARCH__
    for (int c = 0; c < channels; ++c) {
        for (int y = 0; y < to.rows; ++y) {
            feature_t* const row = to.first + c * to.channel + y * to.row;
            __builtin_prefetch(row, 1);
            __builtin_prefetch(row + to.count - 1, 1);
        }
    }
#endif
}

ROIKIT_FN void write_rows(const acc_t* sums, int64 next, int tile_x, const Rows& to, int channels) {
    for (int c = 0; c < channels; ++c) {
        for (int y = 0; y < to.rows; ++y) {
            const acc_t* const sum = sums + c * next + y * tile_x;
            feature_t* const row = to.first + c * to.channel + y * to.row;
            if (to.count == VECTOR) {
                write_vector<VECTOR>(read_vector<VECTOR>(sum), row);
            } else {
                for (int v = 0; v < to.count; ++v) narrow(sum[v], row[v]);
            }
        }
    }
}

// Gathers C channels of the tile from `c` on. What is written at once is summed in `own`, which stays in the nearest cache.
template <int C> ROIKIT_FN void gather_channels(const Chunk& chunk, const Work& work, const feature_t* grad, Segment at, int64 c, int x,
                                                acc_t* own, const BackwardParams& params) {
    const Tile& tile = work.tile;
    const int width = tile.x_end - tile.x_begin - x;
    const Columns columns = {x, width < VECTOR ? width : VECTOR, tile.y_end - tile.y_begin};
    const int64 row = params.widths[tile.level], pixels = params.heights[tile.level] * row;
    const int64 next = (int64)params.tile_y * params.tile_x;
    acc_t* const sums = work.fresh && work.last ? own : work.sums + c * next + x;
    feature_t* const first = work.gradient + (work.channel + c) * pixels + tile.y_begin * row + tile.x_begin + x;
    const Rows to = {first, pixels, row, columns.rows, columns.count};
    // Memory has the time that these channels take to bring what the next ones are written to.
    if (work.last && c + 2 * C <= work.channels) fetch_rows(Rows{first + C * pixels, pixels, row, columns.rows, columns.count}, C);
    for (int i = 0; work.fresh && i < C; ++i) {
        for (int y = 0; y < columns.rows; ++y) write_vector<VECTOR>(filled<VECTOR>((acc_t)0), sums + i * next + y * params.tile_x);
    }
    gather_columns<C>(chunk, grad, at, columns, work.channel + c, sums, next, params);
    if (work.last) write_rows(sums, next, params.tile_x, to, C);
}

ROIKIT_FN void gather_channels_first(const Chunk& chunk, const Work& work, const feature_t* grad, Segment at,
                                     const BackwardParams& params) {
    const int vectors = (work.tile.x_end - work.tile.x_begin + VECTOR - 1) / VECTOR;
    const int groups = (int)((work.channels + CHANNELS - 1) / CHANNELS), items = groups * vectors;
    acc_t* own = 0;  // the place of what a thread takes first, which no other does
    ROIKIT_ROLLED for (int i = thread_of_block(); i < items; i += threads_of_block()) {
        const int x = i % vectors * VECTOR;
        int64 c = (int64)(i / vectors) * CHANNELS;
        if (!own) own = work.sums + c * params.tile_y * params.tile_x + x;
        if (c + CHANNELS <= work.channels) {
            gather_channels<CHANNELS>(chunk, work, grad, at, c, x, own, params);
        } else {
            ROIKIT_ROLLED for (; c < work.channels; ++c) gather_channels<1>(chunk, work, grad, at, c, x, own, params);
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
