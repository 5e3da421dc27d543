// What the pixels of a tile are sent by the averages of a chunk of RoIs: for each pixel the bins whose lists of both axes have it, in
// order.
#pragma once

// ---- channels last: a thread takes a vector of channels of a pixel ---------------------------------------------------------

template <int N> ROIKIT_FN Vector<N> gather_pixel(const Chunk& chunk, const feature_t* grad, Segment at, int y, int x,
                                                  int64 channel, Vector<N> sum, const BackwardParams& params) {
    const int most = params.bins_at_once;
    ROIKIT_ROLLED for (int n = 0; n < chunk.count; ++n) {
        const Span rows = chunk.rows[n * params.tile_y + y], columns = chunk.columns[n * params.tile_x + x];
        if (rows.end == 0 || columns.end == 0) continue;
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

// ---- channels first: a thread takes neighbouring columns of a row of a channel ---------------------------------------------

// `columns` has the bins of all columns of the vector, and weights of those that a column has not are zero.
template <int N> ROIKIT_FN Vector<N> gather_columns(const Chunk& chunk, const feature_t* grad, Segment at, int y, int x,
                                                    int64 channel, Vector<N> sum, const BackwardParams& params) {
    const int most = params.bins_at_once;
    const int64 bins = (int64)params.bins_y * params.bins_x;
    ROIKIT_ROLLED for (int n = 0; n < chunk.count; ++n) {
        const Span rows = chunk.rows[n * params.tile_y + y];
        if (rows.end == 0) continue;
        const Piece& piece = chunk.pieces[n];
        const Span columns = N == 1 ? chunk.columns[n * params.tile_x + x]
                                    : Span{0, bins_in_segment(piece.count_x, at.x, most)};
        const int p = piece.first_y + at.y * most, q = piece.first_x + at.x * most;
        const feature_t* const first = grad + (piece.roi * params.channels + channel) * bins + (int64)p * params.bins_x + q;
        const acc_t* const weights_y = chunk.weights_y + (int64)n * most * params.tile_y + y;
        const acc_t* const weights_x = chunk.weights_x + (int64)n * most * params.tile_x + x;
        ROIKIT_ROLLED for (int a = rows.begin; a < rows.end; ++a) {
            const feature_t* const row = first + (int64)a * params.bins_x;
            Vector<N> line = filled<N>((acc_t)0);
            ROIKIT_ROLLED for (int b = columns.begin; b < columns.end; ++b) {
                line = multiply_add_where_not_zero<N>(read_vector<N>(weights_x + b * params.tile_x), widen(row[b]), line);
            }
            sum = multiply_add<N>(weights_y[a * params.tile_y], line, sum);
        }
    }
    return sum;
}

// Writes the first `count` numbers of a vector.
template <int N> ROIKIT_FN void write_some(const Vector<N>& from, feature_t* to, int count) {
    if (count >= N) return write_vector<N>(from, to);
    acc_t values[N];
    write_vector<N>(from, values);
    for (int v = 0; v < count; ++v) narrow(values[v], to[v]);
}

ROIKIT_FN void gather_channels_first(const Chunk& chunk, const Work& work, const feature_t* grad, Segment at,
                                     const BackwardParams& params) {
    const Tile& tile = work.tile;
    const int height = tile.y_end - tile.y_begin, width = tile.x_end - tile.x_begin;
    const int vectors = (width + VECTOR - 1) / VECTOR;
    const int64 stride = params.widths[tile.level], pixels = params.heights[tile.level] * stride;
    const int64 items = work.channels * height * vectors;
    ROIKIT_ROLLED for (int64 i = thread_of_block(); i < items; i += threads_of_block()) {
        const int x = (int)(i % vectors) * VECTOR, y = (int)(i / vectors % height);
        const int64 c = i / ((int64)vectors * height);
        acc_t* const sums = work.sums + (c * params.tile_y + y) * params.tile_x + x;
        const Vector<VECTOR> before = work.fresh ? filled<VECTOR>((acc_t)0) : read_vector<VECTOR>(sums);
        const Vector<VECTOR> sum = gather_columns<VECTOR>(chunk, grad, at, y, x, work.channel + c, before, params);
        feature_t* const row = work.gradient + (work.channel + c) * pixels + (tile.y_begin + y) * stride + tile.x_begin;
        if (work.last) {
            write_some<VECTOR>(sum, row + x, width - x);
        } else {
            write_vector<VECTOR>(sum, sums);
        }
    }
}

ROIKIT_FN void gather_average(const Chunk& chunk, const Work& work, const feature_t* grad, Segment at,
                              const BackwardParams& params) {
    if (LAYOUT == Layout::NHWC) {
        gather_channels_last(chunk, work, grad, at, params);
    } else {
        gather_channels_first(chunk, work, grad, at, params);
    }
}
