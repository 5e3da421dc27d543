// Channels that come first in memory, on a CPU, where a register holds a channel in each of its lanes: rows of the map are turned, in
// registers, into a line of columns × channels, and results are turned back as they are written.
#pragma once

#include "library/square.cuh"

#ifndef __CUDA_ARCH__

// ---- a register of columns of a row ---------------------------------------------------------------------------------------

struct WholeRegister {
    ROIKIT_METHOD Register operator()(const feature_t* row) const {
        Register result;
        read(row, result);
        return result;
    }
};

// Fewer columns than a register has lanes: neighbours, or those that are listed.
struct SomeColumns {
    const int* pixels;
    int count;

    ROIKIT_METHOD Register operator()(const feature_t* row) const {
        Register result = {};
        for (int i = 0; i < count; ++i) result[i] = widen(row[pixels ? pixels[i] : i]);
        return result;
    }
};

// ---- first step: a line of columns × channels -----------------------------------------------------------------------------

struct Channels {
    const feature_t* map;  // of the first one
    int64 stride;
    int count;
};

// Those of a RoI's map from `channel` on, no more than there are lanes.
template <class Prepared> ROIKIT_FN Channels channels_of(const Prepared& roi, int64 channel, int64 end) {
    const int64 pixels = (int64)roi.height * roi.width;
    return Channels{roi.map + channel * pixels, pixels, end - channel < LANES ? (int)(end - channel) : LANES};
}

// Lanes without a channel take the last one once more.
template <class Row> ROIKIT_FN void fill_block(const Row& row, const Channels& channels, int64 offset, acc_t* line) {
    const feature_t* const first = channels.map + offset;
    Block block;
    ROIKIT_EACH_LANE for (int c = 0; c < LANES; ++c) {
        block[c] = row(first + (c < channels.count ? c : channels.count - 1) * channels.stride, WholeRegister());
    }
    turn(block);
    ROIKIT_EACH_LANE for (int i = 0; i < LANES; ++i) write(block[i], line + i * LANES);
}

// A map that has no room for whole registers, or a sparse line: number by number.
template <class Row> ROIKIT_FN void fill_columns(const Row& row, const Channels& channels, const Window& window, acc_t* line) {
    for (int column = 0; column < window.columns; column += LANES) {
        const int count = window.columns - column < LANES ? window.columns - column : LANES;
        const SomeColumns some = {window.sparse ? window.pixels + column : (const int*)0, count};
        const feature_t* const first = channels.map + (window.sparse ? 0 : window.first + column);
        for (int c = 0; c < channels.count; ++c) {
            const Register sum = row(first + c * channels.stride, some);
            for (int i = 0; i < count; ++i) line[(int64)(column + i) * LANES + c] = sum[i];
        }
    }
}

template <class Row> ROIKIT_FN void fill_line(const Row& row, const Channels& channels, const Window& window, acc_t* line) {
    const int columns = window.columns;
    if (window.sparse || columns < LANES) return fill_columns(row, channels, window, line);
    for (int next = 0; next < columns; next += LANES) {
        const int column = next + LANES <= columns ? next : columns - LANES;  // the last register may overlap another
        fill_block(row, channels, window.first + column, line + (int64)column * LANES);
    }
}

// ---- what comes next --------------------------------------------------------------------------------------------------------

// Has the columns of a row of the map brought from memory for all channels, while other rows are summed: a line or two of each channel,
// from a page of its own, which no hardware sees coming.
ROIKIT_FN void bring_row(const Channels& channels, const Window& window, int64 row) {
    constexpr int LINE = 64 / sizeof(feature_t);
    const feature_t* from = channels.map + row + window.first;
    for (int c = 0; c < channels.count; ++c, from += channels.stride) {
        for (int column = 0; column < window.columns - 1; column += LINE) ROIKIT_PREFETCH(from + column);
        ROIKIT_PREFETCH(from + window.columns - 1);
    }
}

// ---- second step: along the line --------------------------------------------------------------------------------------------

ROIKIT_FN Register at(const acc_t* line, int column) {
    Register result;
    read(line + (int64)column * LANES, result);
    return result;
}

// ---- results ----------------------------------------------------------------------------------------------------------------

// Writes the results of `bins` bins, each for all lanes, to the output, channels × bins, `stride` from one channel to the next.
ROIKIT_FN void write_turned(const acc_t* results, int bins, int channels, feature_t* output, int64 stride) {
    for (int i = 0; i < (bins < LANES ? bins : 0); ++i) {
        for (int c = 0; c < channels; ++c) narrow(results[i * LANES + c], output[c * stride + i]);
    }
    for (int next = 0; next < (bins < LANES ? 0 : bins); next += LANES) {
        const int bin = next + LANES <= bins ? next : bins - LANES;  // the last register may overlap another
        Block block;
        ROIKIT_EACH_LANE for (int i = 0; i < LANES; ++i) block[i] = at(results, bin + i);
        turn(block);
        ROIKIT_EACH_LANE for (int c = 0; c < LANES; ++c) {
            if (c < channels) write(block[c], output + c * stride + bin);
        }
    }
}

#endif
