// Pooling with channels first in memory. A row of bins is pooled in two steps, for a tile of channels: the rows of the map that
// it reads are summed into a line, along which memory runs; then the taps of each bin are summed along the line. Every pixel
// is read once for each row of bins, in order, and never through a transposed copy.
//
// A maximum takes the same two steps for every row of samples.
#pragma once

// How the threads of a block share a grid of columns × channels: `along` threads take neighbouring columns.
struct Lanes {
    int column, columns;
    int channel, channels;
};

ROIKIT_FN Lanes lanes_for(int columns) {
    const int threads = threads_of_block(), thread = thread_of_block();
    int shift = 0;
    while ((1 << shift) < columns && (2 << shift) <= threads) ++shift;
    const int along = 1 << shift, across = threads >> shift, channel = thread >> shift;
    // Threads that are left over begin beyond every end.
    return Lanes{channel < across ? thread & (along - 1) : columns, along, channel, across};
}

struct Tile {
    int channels;
    int64 channel_stride, row_stride;  // of the map
    const feature_t* map;              // its first channel
    acc_t* lines;                      // channels × line_length, twice for corners
    int line_length;
    acc_t* results;                    // channels × rows of bins × bins
    int64 results_per_channel;
};

// ---- first step: rows of the map into a line ----------------------------------------------------------------------------

template <int N, bool SPARSE> ROIKIT_FN Vector<N> read_columns(const feature_t* row, const int* pixels, int column) {
    if constexpr (!SPARSE) return read_vector<N>(row + column);
    acc_t values[N];
    for (int v = 0; v < N; ++v) values[v] = widen(row[pixels[column + v]]);
    return read_vector<N>(values);
}

// RA-8: the weighted sum of some rows, added to what the line holds unless it is `fresh`.
template <int ROWS> struct SumOfRows {
    const feature_t* row[ROWS];
    acc_t weight[ROWS];
    acc_t* line;
    bool fresh;

    ROIKIT_METHOD SumOfRows(const Tile& tile, const feature_t* map, acc_t* line, const Tap* taps, bool fresh)
        : line(line), fresh(fresh) {
        for (int a = 0; a < ROWS; ++a) row[a] = map + taps[a].index * tile.row_stride, weight[a] = taps[a].weight;
    }

    template <int N, bool SPARSE> ROIKIT_METHOD void take(const int* pixels, int column) const {
        Vector<N> sum = fresh ? filled<N>((acc_t)0) : read_vector<N>(line + column);
        for (int a = 0; a < ROWS; ++a) sum = multiply_add<N>(weight[a], read_columns<N, SPARSE>(row[a], pixels, column), sum);
        write_vector<N>(sum, line + column);
    }
};

// RA-9: a row of samples, interpolated along y; or, for corners, its two rows, each weighted.
struct RowOfSamples {
    const feature_t *low, *high;
    acc_t weight_low, weight_high;
    acc_t *line, *second;

    ROIKIT_METHOD RowOfSamples(const Tile& tile, const feature_t* map, acc_t* line, const Sample* sample, bool)
        : low(map + sample->low * tile.row_stride), high(map + sample->high * tile.row_stride),
          weight_low(sample->weight_low), weight_high(sample->weight_high),
          line(line), second(line + (int64)tile.channels * tile.line_length) {}

    template <int N, bool SPARSE> ROIKIT_METHOD void take(const int* pixels, int column) const {
        const Vector<N> top = weight_low * read_columns<N, SPARSE>(low, pixels, column);
        const Vector<N> bottom = read_columns<N, SPARSE>(high, pixels, column);
        if (MAX == Max::corner) {
            write_vector<N>(top, line + column);
            write_vector<N>(weight_high * bottom, second + column);
        } else {
            write_vector<N>(multiply_add<N>(weight_high, bottom, top), line + column);
        }
    }
};

// Takes the columns from `column` to `end`, a short last vector in pieces.
template <int N, bool SPARSE, class Step> ROIKIT_FN void take_columns(const Step& step, const int* pixels, int column, int end) {
    ROIKIT_ROLLED for (; column + N <= end; column += N) step.template take<N, SPARSE>(pixels, column);
    if constexpr (N > 1) take_columns<(N > 4 ? N / 4 : 1), SPARSE>(step, pixels, column, end);
}

template <class Step, int N, bool SPARSE, class Entries>
ROIKIT_FN void fill_columns(const Tile& tile, const Window& window, const Entries* entries, bool fresh) {
    const Lanes lanes = lanes_for((window.columns + N - 1) / N);
    ROIKIT_ROLLED for (int c = lanes.channel; c < tile.channels; c += lanes.channels) {
        const feature_t* const map = tile.map + c * tile.channel_stride + (SPARSE ? 0 : window.first);
        const Step step(tile, map, tile.lines + (int64)c * tile.line_length, entries, fresh);
        ROIKIT_ROLLED for (int64 column = (int64)lanes.column * N; column < window.columns; column += lanes.columns * N) {
            const int64 end = column + N < window.columns ? column + N : window.columns;
            take_columns<N, SPARSE>(step, window.pixels, (int)column, (int)end);
        }
    }
}

// ---- second step: along the line ----------------------------------------------------------------------------------------

template <int N> ROIKIT_FN void reduce_line(const Prepared&, const Tile& tile, const acc_t* line, int, bool, const Tap* tx, int nx,
                                            acc_t* result) {
    acc_t sum[N];
    for (int v = 0; v < N; ++v) sum[v] = (acc_t)0;
    ROIKIT_ROLLED for (int b = 0; b < nx; ++b) {
        for (int v = 0; v < N; ++v) sum[v] = multiply_add(tx[b].weight, line[v * tile.line_length + tx[b].index], sum[v]);
    }
    for (int v = 0; v < N; ++v) result[v * tile.results_per_channel] = sum[v];
}

template <int N> ROIKIT_FN void reduce_line(const Prepared& roi, const Tile& tile, const acc_t* line, int ny, bool fresh,
                                            const Sample* sx, int nx, acc_t* result) {
    acc_t best[N];
    for (int v = 0; v < N; ++v) best[v] = fresh ? start_of_maximum(roi, ny, nx) : result[v * tile.results_per_channel];
    const int64 second = (int64)tile.channels * tile.line_length;
    ROIKIT_ROLLED for (int b = 0; b < nx; ++b) {
        for (int v = 0; v < N; ++v) {
            const acc_t* const low = line + v * tile.line_length + sx[b].low;
            const acc_t* const high = line + v * tile.line_length + sx[b].high;
            if (MAX == Max::corner) {
                best[v] = larger(larger(best[v], sx[b].weight_low * low[0]), sx[b].weight_high * high[0]);
                best[v] = larger(larger(best[v], sx[b].weight_low * low[second]), sx[b].weight_high * high[second]);
            } else {
                best[v] = larger(best[v], multiply_add(sx[b].weight_high, high[0], sx[b].weight_low * low[0]));
            }
        }
    }
    for (int v = 0; v < N; ++v) result[v * tile.results_per_channel] = best[v];
}

template <int N> ROIKIT_FN void reduce_lines(const Prepared& roi, const Tile& tile, int p, bool fresh, int q, int c, int end,
                                             acc_t* results) {
    const int ny = roi.y.lists[p].count;
    const List list = roi.x.lists[q];
    ROIKIT_ROLLED for (; c + N <= end; c += N) {
        reduce_line<N>(roi, tile, tile.lines + (int64)c * tile.line_length, ny, fresh, roi.x.entries + list.begin,
                       ny > 0 ? list.count : 0, results + c * tile.results_per_channel + q);
    }
    if constexpr (N > 1) reduce_lines<(N > 4 ? N / 4 : 1)>(roi, tile, p, fresh, q, c, end, results);
}

ROIKIT_FN void reduce_row(const Prepared& roi, const Tile& tile, int p, bool fresh, acc_t* results) {
    const Lanes lanes = lanes_for(roi.x.bins);
    ROIKIT_ROLLED for (int c = lanes.channel * CHANNELS; c < tile.channels; c += lanes.channels * CHANNELS) {
        const int end = c + CHANNELS < tile.channels ? c + CHANNELS : tile.channels;
        ROIKIT_ROLLED for (int q = lanes.column; q < roi.x.bins; q += lanes.columns) {
            reduce_lines<CHANNELS>(roi, tile, p, fresh, q, c, end, results);
        }
    }
}

// ---- rows of bins ---------------------------------------------------------------------------------------------------------

// How many rows are added to a line at once, at most. On a GPU four of them would take the registers of a whole block.
#ifdef __CUDA_ARCH__
constexpr int ROWS_AT_ONCE = 2;
#else
constexpr int ROWS_AT_ONCE = 4;
#endif

// Adds rows to the lines; returns how many. Sparse lines, which are rare, take one at a time.
ROIKIT_FN int sum_rows(const Tap* taps, int count, bool fresh, const Tile& tile, const Window& window) {
    if (window.sparse) return fill_columns<SumOfRows<1>, 1, true>(tile, window, taps, fresh), 1;
    if (ROWS_AT_ONCE >= 4 && count >= 4) return fill_columns<SumOfRows<4>, VECTOR, false>(tile, window, taps, fresh), 4;
    if (count >= 2) return fill_columns<SumOfRows<2>, VECTOR, false>(tile, window, taps, fresh), 2;
    return fill_columns<SumOfRows<1>, VECTOR, false>(tile, window, taps, fresh), 1;
}

ROIKIT_FN void pool_row(const Prepared& roi, const Tile& tile, int p, const Tap* ty, int ny, acc_t* results) {
    // A thread finds its own columns in the line again, so nobody need wait.
    ROIKIT_ROLLED for (int a = 0; a < ny;) a += sum_rows(ty + a, ny - a, a == 0, tile, roi.window);
    __syncthreads();
    reduce_row(roi, tile, p, true, results);
    __syncthreads();
}

ROIKIT_FN void pool_row(const Prepared& roi, const Tile& tile, int p, const Sample* sy, int ny, acc_t* results) {
    int a = 0;
    do {
        if (ny > 0 && roi.window.sparse) fill_columns<RowOfSamples, 1, true>(tile, roi.window, sy + a, true);
        if (ny > 0 && !roi.window.sparse) fill_columns<RowOfSamples, VECTOR, false>(tile, roi.window, sy + a, true);
        __syncthreads();
        reduce_row(roi, tile, p, a == 0, results);
        __syncthreads();
        ++a;
    } while (a < ny);
}

// Writes results, which are contiguous in both places, to the output.
template <int N> ROIKIT_FN void write_results(const Prepared& roi, const acc_t* results, feature_t* output, int64 i, int64 end) {
    ROIKIT_ROLLED for (; i + N <= end; i += N) write_vector<N>(finished<N>(roi, read_vector<N>(results + i)), output + i);
    if constexpr (N > 1) write_results<(N > 4 ? N / 4 : 1)>(roi, results, output, i, end);
}

// Pools the channels from `channel` to `end`; `memory` has room for lines and results.
ROIKIT_FN void pool_channels_first(const Prepared& roi, const PoolingParams& params, int64 channel, int64 end,
                                   Memory memory) {
    const int64 bins = (int64)params.bins_y * params.bins_x;
    Tile tile;
    tile.channels = (int)(end - channel);
    tile.row_stride = roi.width;
    tile.channel_stride = (int64)roi.height * roi.width;
    tile.map = roi.map + channel * tile.channel_stride;
    tile.line_length = params.line_length;
    tile.results = (acc_t*)(unsigned char*)memory;
    tile.lines = tile.results + params.channels_per_tile * params.bin_rows * params.bins_x;
    ROIKIT_ROLLED for (int row = roi.row_begin; row < roi.row_end; row += params.bin_rows) {
        const int rows = roi.row_end - row < params.bin_rows ? roi.row_end - row : params.bin_rows;
        tile.results_per_channel = (int64)rows * params.bins_x;
        ROIKIT_ROLLED for (int i = 0; i < (roi.result_is_nan ? 0 : rows); ++i) {
            const int p = row + i;
            const List list = roi.y.lists[p];
            pool_row(roi, tile, p, roi.y.entries + list.begin, list.count, tile.results + (int64)i * params.bins_x);
        }
        // The results of whole channels follow each other in the output too.
        const bool whole = tile.results_per_channel == bins;
        const int64 runs = whole ? 1 : tile.channels, length = whole ? tile.channels * bins : tile.results_per_channel;
        feature_t* const output = roi.output + channel * bins + (int64)row * params.bins_x;
        ROIKIT_ROLLED for (int64 run = 0; run < runs; ++run) {
            ROIKIT_ROLLED for (int64 i = (int64)thread_of_block() * VECTOR; i < length; i += threads_of_block() * VECTOR) {
                const int64 end_of_vector = i + VECTOR < length ? i + VECTOR : length;
                write_results<VECTOR>(roi, tile.results + run * length, output + run * bins, i, end_of_vector);
            }
        }
        __syncthreads();
    }
}
