// RoIPool with channels first in memory on a CPU. A row of bins is pooled in two steps, for as many channels as there are lanes: the
// rows of the map that it has become one, a register of columns at a time, which is turned into a line (lanes.cuh); then the columns
// of each bin become one, along the line, for all channels at once. Columns that a line has no room for come after. Of a small RoI the
// pixels are turned first (patch.cuh).
#pragma once

#include "library/pooling/lanes.cuh"
#include "library/pooling/patch.cuh"

#ifndef __CUDA_ARCH__

ROIKIT_FN Register joined(Register a, Register b) { return MODE == Mode::avg ? a + b : better(a, b); }
ROIKIT_FN Register nothing() { return MODE == Mode::avg ? Register{} : spread<Register>(least()); }

struct JoinedRows {
    int64 first, row_stride;
    int count;

    template <class T, class Read> ROIKIT_METHOD Register operator()(const T* map, const Read& read_columns) const {
        Register result = nothing();
        for (int a = 0; a < count; ++a) result = joined(result, read_columns(map + first + a * row_stride));
        return result;
    }
};

// The columns from `first` on: whole registers of them if the map has room for them, whatever lies beyond the RoI.
ROIKIT_FN Window window_at(int first, int end, int most, int width) {
    const int wanted = end - first < most ? end - first : most, whole = (wanted + LANES - 1) / LANES * LANES;
    Window window = {0, first, whole <= width ? whole : wanted, false};
    if (window.first + window.columns > width) window.first = width - window.columns;
    return window;
}

// The window of a RoI whose pixels are turned together; it has no rows if they are not.
ROIKIT_FN Window patch_of(const Prepared& roi) {
    int first = roi.height, end = 0;
    for (int p = roi.row_begin; p < roi.row_end; ++p) {
        if (roi.y[p].end <= roi.y[p].begin) continue;
        if (roi.y[p].begin < first) first = roi.y[p].begin;
        if (roi.y[p].end > end) end = roi.y[p].end;
    }
    const int columns = least_columns(roi.columns.end - roi.columns.begin);
    Window window = {0, roi.columns.begin, columns, false, 0, 0};
    if (window.first + columns > roi.width) window.first = roi.width - columns;
    if (window.first >= 0 && roi.columns.end > 0) place_patch(window, first, end - 1, columns, roi.row_end - roi.row_begin);
    return window;
}

// Takes the columns of a window, from `first` on, into the results of a row of bins.
ROIKIT_FN void join_columns(const Prepared& roi, const acc_t* line, const Window& window, int first, bool fresh, int bins_x,
                            acc_t* results) {
    const int stop = window.first + window.columns;
    for (int q = 0; q < bins_x; ++q) {
        const int begin = roi.x[q].begin > first ? roi.x[q].begin : first;
        const int end = roi.x[q].end < stop ? roi.x[q].end : stop;
        Register result = fresh ? nothing() : at(results, q);
        for (int column = begin; column < end; ++column) result = joined(result, at(line, column - window.first));
        write(result, results + (int64)q * LANES);
    }
}

// Makes what a row of bins has come to its values.
ROIKIT_FN void finish_bins(const Prepared& roi, int p, int bins_x, acc_t* results) {
    for (int q = 0; q < bins_x; ++q) {
        const int64 pixels = pixels_of(roi.y[p], roi.x[q]);
        if (pixels == 0) {
            write(spread<Register>(value_of_nothing()), results + (int64)q * LANES);
        } else if (MODE == Mode::avg) {
            write(at(results, q) / (acc_t)pixels, results + (int64)q * LANES);
        }
    }
}

constexpr int MOST_ROWS = 4;  // of the map that are brought while others are joined

// Brings the first rows of the map that row `p` of bins has, and the one before it has not.
ROIKIT_FN void bring_rows(const Prepared& roi, int p, const Channels& channels, const Window& window) {
    if (p >= roi.row_end) return;
    const int begin = roi.y[p].begin > roi.y[p - 1].end ? roi.y[p].begin : roi.y[p - 1].end;
    const int end = roi.y[p].end < begin + MOST_ROWS ? roi.y[p].end : begin + MOST_ROWS;
    for (int y = begin; y < end; ++y) bring_row(channels, window, y * (int64)roi.width);
}

ROIKIT_FN void pool_row_of(const Prepared& roi, const acc_t* patch, const Window& window, int p, const PoolingParams& params, acc_t* line,
                           acc_t* results) {
    const Span rows = roi.y[p];
    const int64 length = (int64)window.columns * LANES;
    const bool some = rows.end > rows.begin;
    if (some) fill_line_from(patch, JoinedRows{rows.begin * length, length, rows.end - rows.begin}, window, line);
    join_columns(roi, line, window, roi.columns.begin, true, some ? params.bins_x : 0, results);
    finish_bins(roi, p, params.bins_x, results);
}

ROIKIT_FN void pool_row(const Prepared& roi, const Channels& channels, int p, const PoolingParams& params, acc_t* line,
                        acc_t* results) {
    const Span rows = roi.y[p];
    const JoinedRows joined_rows = {rows.begin * (int64)roi.width, roi.width, rows.end - rows.begin};
    int first = roi.columns.begin;
    do {
        const Window window = window_at(first, roi.columns.end, params.line_length, roi.width);
        if (first == roi.columns.begin) bring_rows(roi, p + 1, channels, window);
        if (rows.end > rows.begin) fill_line(joined_rows, channels, window, line);
        join_columns(roi, line, window, first, first == roi.columns.begin, rows.end > rows.begin ? params.bins_x : 0, results);
        first += params.line_length;
    } while (first < roi.columns.end);
    finish_bins(roi, p, params.bins_x, results);
}

ROIKIT_FN void bring_tile(const Prepared& roi, int64 channel, int64 end) {
    if (!roi.gathers) bring_patch(channels_of(roi, channel, end), patch_of(roi), roi.width);
}

// Pools the channels from `channel` to `end`; `memory` has room for a line and results of LANES channels.
ROIKIT_FN void pool_in_lanes(const Prepared& roi, const PoolingParams& params, int64 channel, int64 end, unsigned char* memory) {
    const int64 bins = (int64)params.bins_y * params.bins_x;
    const Window window = patch_of(roi);
    acc_t* const line = (acc_t*)memory;
    acc_t* const results = line + (int64)params.line_length * LANES;
    for (; channel < end; channel += LANES) {
        const Channels channels = channels_of(roi, channel, end);
        acc_t patch[PATCH_PIXELS * LANES];
        if (window.rows > 0) turn_patch(channels, window, roi.width, patch);
        for (int row = roi.row_begin; row < roi.row_end; row += params.bin_rows) {
            const int rows = roi.row_end - row < params.bin_rows ? roi.row_end - row : params.bin_rows;
            const int64 length = (int64)params.bins_x * LANES;
            for (int i = 0; i < rows; ++i) {
                const Span here = roi.y[row + i], before = roi.y[i > 0 ? row + i - 1 : row];
                if (i > 0 && here.begin == before.begin && here.end == before.end) {
                    // Of a RoI of fewer rows than bins many rows of bins have the same.
                    __builtin_memcpy(results + i * length, results + (i - 1) * length, length * sizeof(acc_t));
                } else if (window.rows > 0) {
                    pool_row_of(roi, patch, window, row + i, params, line, results + i * length);
                } else {
                    pool_row(roi, channels, row + i, params, line, results + i * length);
                }
            }
            feature_t* const output = roi.output + channel * bins + (int64)row * params.bins_x;
            write_turned(results, rows * params.bins_x, channels.count, output, bins);
        }
    }
}

#else
ROIKIT_FN void pool_in_lanes(const Prepared&, const PoolingParams&, int64, int64, unsigned char*) {}
#endif
