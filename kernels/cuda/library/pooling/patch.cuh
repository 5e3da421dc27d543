// A small window of the map on a CPU, channels first in memory: all of its pixels are turned, for as many channels as a register has lanes,
// before rows of bins are summed from them. Of memory no more lines are asked for than there are pixels in, all at once; and rows of the
// map that several rows of bins read are turned once.
#pragma once

#include "library/pooling/common.cuh"
#include "library/pooling/lanes.cuh"

#ifndef __CUDA_ARCH__

constexpr int PATCH_PIXELS = 256;
constexpr int COPIED_TOGETHER = 4;  // columns

// How many columns a patch has at least.
ROIKIT_FN int least_columns(int wanted) { return wanted < COPIED_TOGETHER ? COPIED_TOGETHER : wanted; }

// Makes a patch of the rows from `first` to `last`, if there is room for it and it has half as much to turn as the lines of so many rows of
// bins: its pixels are copied, too.
ROIKIT_FN bool place_patch(Window& window, int first, int last, int columns, int bins) {
    const int64 rows = (int64)last - first + 1, pixels = rows * columns;
    const int64 in_lines = (int64)bins * ((columns + LANES - 1) / LANES * LANES);
    if (last < first || pixels > PATCH_PIXELS || 2 * pixels > in_lines) return false;
    window.first_row = first, window.rows = (int)rows;
    return true;
}

// The last columns may overlap others.
ROIKIT_FN void copy_columns(const feature_t* from, int count, feature_t* to) {
    for (int next = 0; next < count; next += COPIED_TOGETHER) {
        const int column = next + COPIED_TOGETHER <= count ? next : count - COPIED_TOGETHER;
        __builtin_memcpy(to + column, from + column, COPIED_TOGETHER * sizeof(feature_t));
    }
}

// Fills `patch` with the pixels of a window, row by row, each for all lanes. Lanes without a channel hold anything.
ROIKIT_FN void turn_patch(const Channels& channels, const Window& window, int64 row_stride, acc_t* patch) {
    feature_t copied[LANES][PATCH_PIXELS];
    for (int c = 0; c < channels.count; ++c) {
        const feature_t* from = channels.map + c * channels.stride + window.first_row * row_stride + window.first;
        for (int row = 0; row < window.rows; ++row) copy_columns(from + row * row_stride, window.columns, copied[c] + row * window.columns);
    }
    for (int next = 0; next < window.rows * window.columns; next += LANES) {
        Block block;
        ROIKIT_EACH_LANE for (int c = 0; c < LANES; ++c) read(copied[c] + next, block[c]);
        turn(block);
        ROIKIT_EACH_LANE for (int i = 0; i < LANES; ++i) write(block[i], patch + (int64)(next + i) * LANES);
    }
}

// Fills the line of a row of bins, as fill_line does from the map.
template <class Row> ROIKIT_FN void fill_line_from(const acc_t* patch, const Row& row, const Window& window, acc_t* line) {
    const auto read_column = [](const acc_t* from) { return at(from, 0); };
    const acc_t* const row_0 = patch - (int64)window.first_row * window.columns * LANES;  // of the map
    for (int column = 0; column < window.columns; ++column) write(row(row_0 + column * LANES, read_column), line + column * LANES);
}

ROIKIT_FN void bring_patch(const Channels& channels, const Window& window, int64 row_stride) {
    for (int row = 0; row < window.rows; ++row) bring_row(channels, window, (window.first_row + row) * row_stride);
}

#endif
