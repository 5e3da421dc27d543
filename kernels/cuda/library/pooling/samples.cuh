// A bin's taps or samples, for a vector of channels (channels_last.cuh).
#pragma once

// ---- RA-8: the average ------------------------------------------------------------------------------------------------

// The weighted sum of the pixels at one or more taps, so many bytes apart. The first is added to zero outside of the loop.
template <int N>
ROIKIT_FN Vector<N> weighted(const feature_t* from, const Tap* taps, int count, int bytes, const Steps& steps) {
    const Tap first = *taps++;
    Vector<N> sum = multiply_add<N>(first.weight, load_channels<N>(bytes_from(from, first.index, bytes), steps), filled<N>((acc_t)0));
    ROIKIT_ROLLED for (int left = count - 1; left > 0; left = held(left - 1)) {
        const Tap tap = *taps++;
        sum = multiply_add<N>(tap.weight, load_channels<N>(bytes_from(from, tap.index, bytes), steps), sum);
    }
    return sum;
}

template <int N> ROIKIT_FN Vector<N> pool_bin(const Prepared& roi, const Steps& steps, const Tap* ty, int ny, const Tap* tx,
                                              int nx) {
    Vector<N> sum = filled<N>((acc_t)0);
    // Along memory first. With channels first that would be x; but y it is in channels_first.cuh, and every bit is to be the same.
    constexpr bool ROWS = LAYOUT == Layout::NHWC;
    const Tap *outer = ROWS ? ty : tx, *const inner = ROWS ? tx : ty;
    const int outer_count = ROWS ? ny : nx, inner_count = ROWS ? nx : ny;
    ROIKIT_ROLLED for (int left = inner_count > 0 ? outer_count : 0; left > 0; left = held(left - 1)) {
        const Tap tap = *outer++;
        const feature_t* const from = ROWS ? at_row(steps, tap.index) : at_column(steps.origin, steps, tap.index);
        sum = multiply_add<N>(tap.weight, weighted<N>(from, inner, inner_count, ROWS ? steps.pixel : (int)steps.row, steps), sum);
    }
    return sum;
}

// ---- RA-9: the maximum ------------------------------------------------------------------------------------------------

#include "library/pooling/with_sample.cuh"

template <int N> ROIKIT_FN Vector<N> pool_bin(const Prepared& roi, const Steps& steps, const Sample* sy, int ny,
                                              const Sample* sx, int nx) {
    Vector<N> best = filled<N>(start_of_maximum(roi, ny, nx));
    ROIKIT_ROLLED for (int a = 0; a < ny; ++a) {
        const feature_t *const low = at_row(steps, sy[a].low), *const high = at_row(steps, sy[a].high);
        ROIKIT_ROLLED for (int b = 0; b < nx; ++b) {
            const int left = sx[b].low, right = sx[b].high;
            const Vector<N> c00 = load_channels<N>(at_column(low, steps, left), steps);
            const Vector<N> c01 = load_channels<N>(at_column(low, steps, right), steps);
            const Vector<N> c10 = load_channels<N>(at_column(high, steps, left), steps);
            const Vector<N> c11 = load_channels<N>(at_column(high, steps, right), steps);
            best = with_sample<N>(best, sy[a], sx[b], c00, c01, c10, c11);
        }
    }
    return best;
}

// ---- a bin ------------------------------------------------------------------------------------------------------------

ROIKIT_FN Bin bin_of(const Prepared& roi, int p, int q) {
    const List y = roi.y.lists[p], x = roi.x.lists[q];
    return Bin{kept_after(roi.y.entries, y.begin), kept_after(roi.x.entries, x.begin), held(y.count), held(x.count)};
}

template <int N> ROIKIT_FN Vector<N> pooled_bin(const Prepared& roi, const Steps& steps, const Bin& bin) {
    return finished<N>(roi, pool_bin<N>(roi, steps, (const Entry*)bin.y, bin.count_y, (const Entry*)bin.x, bin.count_x));
}

#ifdef ROIKIT_PREFETCH
// Asks for the pixels of bin (p, q) that the bins before it do not read.
ROIKIT_FN void prefetch_bin(const Prepared& roi, const Steps& steps, int p, int q, int64 end) {
    if (roi.result_is_nan) return;
    const List of_y = roi.y.lists[p], of_x = roi.x.lists[q];
    const Entry* const ty = roi.y.entries + of_y.begin;
    const Entry* const tx = roi.x.entries + of_x.begin;
    for (int a = 0; a < of_y.count; ++a) {
        for (int y = first_pixel(ty[a]); y <= last_pixel(ty[a]); ++y) {
            if (p > roi.row_begin && roi.y.spans(p - 1, y)) continue;
            for (int b = 0; b < of_x.count; ++b) {
                for (int x = first_pixel(tx[b]); x <= last_pixel(tx[b]); ++x) {
                    if (q > 0 && roi.x.spans(q - 1, x)) continue;
                    const feature_t* const pixel = at_column(at_row(steps, y), steps, x);
                    for (int64 c = steps.channel; c < end; c += 64 / sizeof(feature_t)) ROIKIT_PREFETCH(pixel + (c - steps.channel));
                }
            }
        }
    }
}
#endif
