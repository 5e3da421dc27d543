// Pooling with channels first in memory on a CPU. A row of bins is pooled in two steps, for as many channels as there are lanes: the
// rows of the map that it reads are summed, a register of columns at a time, and turned into a line (lanes.cuh); then the taps of
// each bin are summed along the line, for all channels at once. Of a small RoI the pixels are turned first (patch.cuh).
//
// A maximum takes the same two steps for every row of samples.
#pragma once

#include "library/pooling/lanes.cuh"
#include "library/pooling/patch.cuh"

#ifndef __CUDA_ARCH__

// RA-8: the weighted sum of the rows of a row of bins.
struct SumOfTaps {
    const Tap* taps;
    int count;
    int64 row_stride;

    template <class T, class Read> ROIKIT_METHOD Register operator()(const T* map, const Read& read_columns) const {
        Register sum = {};
        for (int a = 0; a < count; ++a) {
            sum = multiply_add(spread<Register>(taps[a].weight), read_columns(map + taps[a].index * row_stride), sum);
        }
        return sum;
    }
};

// RA-9: a row of samples, interpolated along y; or, for corners, one of its two rows, weighted.
struct InterpolatedRow {
    int64 low, high;
    acc_t weight_low, weight_high;
    bool both;

    template <class T, class Read> ROIKIT_METHOD Register operator()(const T* map, const Read& read_columns) const {
        const Register top = weight_low * read_columns(map + low);
        return both ? multiply_add(spread<Register>(weight_high), read_columns(map + high), top) : top;
    }
};

// ---- second step: along the line --------------------------------------------------------------------------------------------

ROIKIT_FN Register reduce_bin(const Prepared&, const acc_t* line, int64, int, Register sum, const Tap* tx, int nx) {
    for (int b = 0; b < nx; ++b) sum = multiply_add(spread<Register>(tx[b].weight), at(line, tx[b].index), sum);
    return sum;
}

ROIKIT_FN Register reduce_bin(const Prepared& roi, const acc_t* line, int64 second, int ny, Register best, const Sample* sx, int nx) {
    if (ny >= 0) best = spread<Register>(start_of_maximum(roi, ny, nx));
    for (int b = 0; b < nx; ++b) {
        const Register left = sx[b].weight_low * at(line, sx[b].low), right = at(line, sx[b].high);
        if (MAX == Max::corner) {
            best = larger(larger(best, left), sx[b].weight_high * right);
            best = larger(best, sx[b].weight_low * at(line + second, sx[b].low));
            best = larger(best, sx[b].weight_high * at(line + second, sx[b].high));
        } else {
            best = larger(best, multiply_add(spread<Register>(sx[b].weight_high), right, left));
        }
    }
    return best;
}

// Takes the line into the results of a row of bins. A maximum begins anew unless `ny`, the samples along y, is negative.
ROIKIT_FN void reduce_bins(const Prepared& roi, const acc_t* line, int64 second, int ny, acc_t* results) {
    for (int q = 0; q < roi.x.bins; ++q) {
        const Register before = ny < 0 ? at(results, q) : Register{};
        const List list = roi.x.lists[q];
        const int nx = ny == 0 ? 0 : list.count;
        write(reduce_bin(roi, line, second, ny, before, roi.x.entries + list.begin, nx), results + q * LANES);
    }
}

// ---- rows of bins -----------------------------------------------------------------------------------------------------------

// `fill` makes a line of a row of sums, whose rows are `row_stride` apart.
template <class Fill>
ROIKIT_FN void pool_bins(const Prepared& roi, const Fill& fill, const Tap* ty, int ny, int64 row_stride, acc_t* line, int64 second,
                         acc_t* results) {
    fill(SumOfTaps{ty, ny, row_stride}, line);
    reduce_bins(roi, line, second, ny, results);
}

template <class Fill>
ROIKIT_FN void pool_bins(const Prepared& roi, const Fill& fill, const Sample* sy, int ny, int64 row_stride, acc_t* line, int64 second,
                         acc_t* results) {
    int a = 0;
    do {
        if (ny > 0) {
            const int64 low = sy[a].low * row_stride, high = sy[a].high * row_stride;
            const acc_t weight_low = sy[a].weight_low, weight_high = sy[a].weight_high;
            if (MAX == Max::corner) {
                fill(InterpolatedRow{low, high, weight_low, weight_high, false}, line);
                fill(InterpolatedRow{high, low, weight_high, weight_low, false}, line + second);
            } else {
                fill(InterpolatedRow{low, high, weight_low, weight_high, true}, line);
            }
        }
        reduce_bins(roi, line, second, a == 0 ? ny : -1, results);
    } while (++a < ny);
}

// Brings the rows of the map that row `p` of bins reads, and the one before it does not.
ROIKIT_FN void bring_rows(const Prepared& roi, int p, const Channels& channels) {
    if (p >= roi.row_end || roi.window.sparse || roi.window.columns == 0) return;
    const List before = roi.y.lists[p - 1], list = roi.y.lists[p];
    const Entry* const entries = roi.y.entries;
    int read = before.count > 0 ? last_pixel(entries[before.begin + before.count - 1]) : -1;
    for (int a = 0; a < list.count; ++a) {
        const Entry& entry = entries[list.begin + a];
        for (int y = first_pixel(entry) > read ? first_pixel(entry) : read + 1; y <= last_pixel(entry); ++y) {
            bring_row(channels, roi.window, y * (int64)roi.width);
        }
        if (last_pixel(entry) > read) read = last_pixel(entry);
    }
}

// Of a patch nothing else is brought before it is read.
ROIKIT_FN void bring_tile(const Prepared& roi, int64 channel, int64 end) {
    if (!roi.result_is_nan) bring_patch(channels_of(roi, channel, end), roi.window, roi.width);
}

ROIKIT_FN void finish_bins(const Prepared& roi, int bins, acc_t* results) {
    for (int bin = 0; bin < bins; ++bin) {
        const Vector<LANES> result = roi.result_is_nan ? filled<LANES>((acc_t)0) : read_vector<LANES>(results + bin * LANES);
        write_vector<LANES>(finished<LANES>(roi, result), results + bin * LANES);
    }
}

// ---- RoIs -------------------------------------------------------------------------------------------------------------------

// Pools the channels from `channel` to `end`; `memory` has room for a line (two for corners) and results of LANES channels.
ROIKIT_FN void pool_in_lanes(const Prepared& roi, const PoolingParams& params, int64 channel, int64 end, Memory memory) {
    const int64 bins = (int64)params.bins_y * params.bins_x;
    const int64 line_length = (int64)params.line_length * LANES;
    acc_t* const line = (acc_t*)memory;
    acc_t* const results = line + (MODE == Mode::avg || MAX != Max::corner ? 1 : 2) * line_length;
    for (; channel < end; channel += LANES) {
        const Channels channels = channels_of(roi, channel, end);
        acc_t patch[PATCH_PIXELS * LANES];
        const bool patched = !roi.result_is_nan && roi.window.rows > 0;
        if (patched) turn_patch(channels, roi.window, roi.width, patch);
        const auto from_patch = [&](const auto& row, acc_t* to) { fill_line_from(patch, row, roi.window, to); };
        const auto from_map = [&](const auto& row, acc_t* to) { fill_line(row, channels, roi.window, to); };
        for (int row = roi.row_begin; row < roi.row_end; row += params.bin_rows) {
            const int rows = roi.row_end - row < params.bin_rows ? roi.row_end - row : params.bin_rows;
            for (int i = 0; i < (roi.result_is_nan ? 0 : rows); ++i) {
                const List list = roi.y.lists[row + i];
                const Entry* const entries = roi.y.entries + list.begin;
                acc_t* const to = results + (int64)i * params.bins_x * LANES;
                if (patched) {
                    pool_bins(roi, from_patch, entries, list.count, (int64)roi.window.columns * LANES, line, line_length, to);
                } else {
                    bring_rows(roi, row + i + 1, channels);
                    pool_bins(roi, from_map, entries, list.count, roi.width, line, line_length, to);
                }
            }
            feature_t* const output = roi.output + channel * bins + (int64)row * params.bins_x;
            finish_bins(roi, rows * params.bins_x, results);
            write_turned(results, rows * params.bins_x, channels.count, output, bins);
        }
    }
}

#else
ROIKIT_FN void pool_in_lanes(const Prepared&, const PoolingParams&, int64, int64, Memory) {}
#endif
