// The columns of the map that a RoI reads, as the places of a line (channels_first.cuh), or of a patch (patch.cuh).
#pragma once

#include "library/pooling/patch.cuh"

// How many columns an axis of this many entries may read.
ROIKIT_FN int64 columns_of(int64 entries) { return MODE == Mode::avg ? entries : 2 * entries; }

// A dense line may be this many times as long as a sparse one.
constexpr int DENSE = ROIKIT_DENSE;

ROIKIT_FN void move_entry(Tap& tap, int low, int) { tap.index = low; }
ROIKIT_FN void move_entry(Sample& sample, int low, int high) { sample.low = low, sample.high = high; }

#ifndef __CUDA_ARCH__
// The first and the last pixel that the lists of an axis name; none if the last one comes first.
struct Ends {
    int first, last;

    explicit Ends(const Lists<Entry>& axis) : first(0x7fffffff), last(-1) {
        for (int p = 0; p < axis.bins; ++p) {
            const List list = axis.lists[p];
            if (list.count == 0) continue;
            const int low = first_pixel(axis.entries[list.begin]), high = last_pixel(axis.entries[list.begin + list.count - 1]);
            if (low < first) first = low;
            if (high > last) last = high;
        }
    }
};

// Makes a patch of a small RoI's pixels. Called before its window is placed.
ROIKIT_FN void place_patch(const Lists<Entry>& y, const Lists<Entry>& x, int width, Window& window) {
    const Ends rows(y), columns(x);
    const int least = columns.last < columns.first ? 0 : least_columns(columns.last - columns.first + 1);
    if (least > 0 && least <= width) place_patch(window, rows.first, rows.last, least, y.bins);
}
#endif

// Called by all threads of the block, after which it must be synchronised.
ROIKIT_FN void place_window(const Lists<Entry>& x, int width, int line_length, Window& window) {
    int first = width, last = -1;
    ROIKIT_ROLLED for (int q = 0; q < x.bins; ++q) {
        const List list = x.lists[q];
        if (list.count == 0) continue;
        const int low = first_pixel(x.entries[list.begin]), high = last_pixel(x.entries[list.begin + list.count - 1]);
        if (low < first) first = low;
        if (high > last) last = high;
    }
    const int entries = x.lists[x.bins].begin, listed = (int)columns_of(entries);
    int columns = last < first ? 0 : (last - first) / VECTOR * VECTOR + VECTOR;  // whole vectors, if the map has room for them
    if (columns > width) columns = last - first + 1;
#ifndef __CUDA_ARCH__
    if (window.rows > 0) columns = least_columns(last - first + 1);
#endif
    if (first > width - columns) first = width - columns;
    window.first = first;
    window.sparse = columns > line_length || columns > (int64)DENSE * listed;
    window.columns = window.sparse ? listed : columns;
#ifndef __CUDA_ARCH__
    if (window.sparse) window.rows = 0;  // a patch has all columns
#endif
    __syncthreads();
    ROIKIT_ROLLED for (int q = 0; q < x.bins; ++q) {
        const List list = x.lists[q];
        const int end = x.lists[q + 1].begin;
        ROIKIT_ROLLED for (int i = list.begin + thread_of_block(); i < end; i += threads_of_block()) {
            const bool filled = i < list.begin + list.count;
            const int low = filled ? first_pixel(x.entries[i]) : 0, high = filled ? last_pixel(x.entries[i]) : 0;
            const int column = (int)columns_of(i);
            if (window.sparse) {
                window.pixels[column] = low;
                if (MODE == Mode::max) window.pixels[column + 1] = high;
                if (filled) move_entry(x.entries[i], column, column + 1);
            } else if (filled) {
                move_entry(x.entries[i], low - first, high - first);
            }
        }
    }
}
