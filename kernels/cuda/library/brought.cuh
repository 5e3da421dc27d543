// Channels first on a CPU: the pixels that a RoI reads, brought together for N channels, which are neighbours then.
#pragma once

#include "library/axis.cuh"
#include "library/square.cuh"

#ifndef __CUDA_ARCH__

// All that can be read between two positions, with room for the neighbours of both.
ROIKIT_FN Span reach_between(acc_t a, acc_t b, int size) {
    const acc_t low = a < b ? a : b, high = a < b ? b : a, far = (acc_t)1e9f;
    if (!(low > -far && high < far)) return Span{0, 0};
    const acc_t last = (acc_t)(size - 1);
    const int begin = (int)(low < (acc_t)1 ? (acc_t)0 : low > last ? last : low) - 1;
    const int end = (int)(high < (acc_t)0 ? (acc_t)0 : high > last ? last : high) + 3;
    return Span{begin < 0 ? 0 : begin, end < size ? end : size};
}

// Turns `count` columns of N channels, no more than a register has lanes, of which there are as many from `pixel` on.
template <int N> ROIKIT_FN void turn_columns(const feature_t* pixel, int64 pixels, int count, feature_t* turned) {
    for (int v = 0; v < N; v += LANES) {
        Block block;
        ROIKIT_EACH_LANE for (int i = 0; i < LANES; ++i) read(pixel + (v + i) * pixels, block[i]);
        turn(block);
        ROIKIT_EACH_LANE for (int i = 0; i < LANES; ++i) {
            if (i < count) write(block[i], turned + i * N + v);
        }
    }
}

// Turns a row of `count` numbers of N channels, `step` apart, of which so many can be read.
template <int N> ROIKIT_FN void turn_row(const feature_t* first, int64 step, int count, int64 readable, feature_t* turned) {
    int i = 0;
    // Of a few numbers a register would ask for more lines of memory than they lie in.
    for (; 2 * (count - i) >= LANES && i + LANES <= readable; i += LANES) turn_columns<N>(first + i, step, count - i, turned + i * N);
    for (; i < count; ++i) {
        for (int v = 0; v < N; ++v) turned[i * N + v] = first[i + v * step];
    }
}

// A copy of these pixels, N channels each.
template <int N> ROIKIT_FN void bring_together(const feature_t* map, int64 pixels, int64 width, const Span& y, const Span& x, feature_t* turned) {
    const int columns = x.end - x.begin;
    for (int row = y.begin; row < y.end; ++row, turned += columns * N) {
        turn_row<N>(map + row * width + x.begin, pixels, columns, width - x.begin, turned);
    }
}

// Has memory bring the pixels of every so many rows, the first `row` rows down, for N channels.
template <int N> ROIKIT_FN void bring_rows(const feature_t* map, int64 pixels, int64 width, const Span& y, const Span& x, int row, int step) {
    constexpr int LINE = 64 / sizeof(feature_t);
    for (row += y.begin; row < y.end; row += step) {
        for (int v = 0; v < N; ++v) {
            const feature_t* const pixel = map + v * pixels + row * width;
            for (int column = x.begin; column < x.end - 1; column += LINE) ROIKIT_PREFETCH(pixel + column);
            ROIKIT_PREFETCH(pixel + x.end - 1);
        }
    }
}

#endif
