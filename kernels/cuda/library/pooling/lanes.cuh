// Channels that come first in memory, on a CPU, where a register holds a channel in each of its lanes: rows of the map are turned, in
// registers, into a line of columns × channels, and results are turned back as they are written.
#pragma once

#ifndef __CUDA_ARCH__

typedef Register Block[LANES];

// ---- a square of numbers, turned --------------------------------------------------------------------------------------------

template <int... I> struct Lane {};
template <int N, int... I> struct Each : Each<N - 1, N - 1, I...> {};
template <int... I> struct Each<0, I...> {
    typedef Lane<I...> type;
};

template <int STEP, int... I> ROIKIT_FN void exchange(Register& a, Register& b, Lane<I...>) {
#ifdef __clang__
    const Register low = __builtin_shufflevector(a, b, (I & STEP ? LANES + I - STEP : I)...);
    b = __builtin_shufflevector(a, b, (I & STEP ? LANES + I : I + STEP)...);
#else
    typedef decltype(a == b) Places;
    const Register low = __builtin_shuffle(a, b, Places{(I & STEP ? LANES + I - STEP : I)...});
    b = __builtin_shuffle(a, b, Places{(I & STEP ? LANES + I : I + STEP)...});
#endif
    a = low;
}

template <int STEP = 1> ROIKIT_FN void turn(Block& block) {
    for (int i = 0; i < LANES; ++i) {
        if (!(i & STEP)) exchange<STEP>(block[i], block[i + STEP], typename Each<LANES>::type());
    }
    if constexpr (2 * STEP < LANES) turn<2 * STEP>(block);
}

// ---- a register of columns of a row ---------------------------------------------------------------------------------------

enum class Columns { whole, few, listed };

// `few` columns are fewer than a register has lanes, in a map without more; `listed` ones are those of a sparse line.
template <Columns KIND> struct Reader {
    const int* pixels;
    int count;

    ROIKIT_METHOD Register operator()(const feature_t* row) const {
        Register result = {};
        if constexpr (KIND == Columns::whole) {
            read(row, result);
        } else {
            for (int i = 0; i < count; ++i) result[i] = widen(row[KIND == Columns::listed ? pixels[i] : i]);
        }
        return result;
    }
};

// ---- first step: a line of columns × channels -----------------------------------------------------------------------------

struct Channels {
    const feature_t* map;  // of the first one
    int64 stride;
    int count;
};

template <Columns KIND, class Row>
ROIKIT_FN void fill_block(const Row& row, const Channels& channels, const Reader<KIND>& reader, int64 offset, acc_t* line) {
    Block block;
    if (channels.count == LANES) {
        for (int c = 0; c < LANES; ++c) block[c] = row(channels.map + c * channels.stride + offset, reader);
    } else {
        for (int c = 0; c < LANES; ++c) block[c] = Register{};
        for (int c = 0; c < channels.count; ++c) block[c] = row(channels.map + c * channels.stride + offset, reader);
    }
    turn(block);
    for (int i = 0; i < LANES; ++i) write(block[i], line + i * LANES);
}

template <class Row> ROIKIT_FN void fill_line(const Row& row, const Channels& channels, const Window& window, acc_t* line) {
    const int columns = window.columns;
    if (window.sparse || columns < LANES) {
        for (int column = 0; column < columns; column += LANES) {
            const int count = columns - column < LANES ? columns - column : LANES;
            acc_t* const to = line + (int64)column * LANES;
            if (window.sparse) {
                fill_block(row, channels, Reader<Columns::listed>{window.pixels + column, count}, 0, to);
            } else {
                fill_block(row, channels, Reader<Columns::few>{0, count}, window.first, to);
            }
        }
        return;
    }
    for (int next = 0; next < columns; next += LANES) {
        const int column = next + LANES <= columns ? next : columns - LANES;  // the last register may overlap another
        fill_block(row, channels, Reader<Columns::whole>{}, window.first + column, line + (int64)column * LANES);
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

// Writes the results of `bins` bins, each for all lanes, to the output, channels × bins.
template <class Result>
ROIKIT_FN void write_turned(const Result& result_of, int64 bins, int channels, feature_t* output, int64 stride) {
    for (int64 next = 0; next < bins; next += LANES) {
        const bool whole = bins >= LANES;
        const int64 bin = next + LANES <= bins || !whole ? next : bins - LANES;  // the last register may overlap another
        const int count = whole ? LANES : (int)bins;
        Block block;
        for (int i = 0; i < LANES; ++i) {
            block[i] = i < count ? result_of(bin + i) : Register{};
        }
        turn(block);
        for (int c = 0; c < channels; ++c) {
            feature_t* const to = output + c * stride + bin;
            if (whole) {
                write(block[c], to);
            } else {
                for (int i = 0; i < count; ++i) narrow(block[c][i], to[i]);
            }
        }
    }
}

#endif
