// Channels first on a CPU: the pixels that a RoI reads are brought together for as many channels as are taken together, so that these are
// neighbours for all bins that read them; and where samples lie is worked out once for all channels. What is added, and in which order,
// stays as it is.
#pragma once

#include "library/brought.cuh"

#ifndef __CUDA_ARCH__

constexpr int MOST_ALONG = 32;  // bins along an axis

// Adds up a RoI if that is worth while, and says so; `turned` has room for `params.turned_pixels`.
// What kind of RoI it is is a parameter, since one whose samples are points has no axes, and is not to be asked for them.
template <class Gradient, class OfAxes> ROIKIT_FN bool add_turned(int64 k, const OfAxes& roi, const feature_t* grad,
                                                                  const BoxGradientParams& params, acc_t* totals, feature_t* turned) {
    if constexpr (LAYOUT == Layout::NHWC || VECTOR == 1 || !Gradient::TURNS) {
        return false;
    } else {
        constexpr int LANES_OF_ROI = BIN_LANES * CHANNEL_LANES;
        const int64 width = params.widths[roi.level], pixels = params.heights[roi.level] * width;
        const Span y = Gradient::reach_along(roi.y, params.bins_y), x = Gradient::reach_along(roi.x, params.bins_x);
        const int64 count = (int64)(y.end - y.begin) * (x.end - x.begin), columns = (int64)(x.end - x.begin) * VECTOR;
        const bool is_worth_while = count < Gradient::reads(roi, (int64)params.bins_y * params.bins_x);
        const bool has_room = count <= params.turned_pixels && params.bins_y <= MOST_ALONG && params.bins_x <= MOST_ALONG;
        if (count <= 0 || !has_room || !is_worth_while || threads_of_block() > 1) return false;
        typedef typename Gradient::Bin Bin;
        typename Bin::Along along_y[MOST_ALONG], along_x[MOST_ALONG];
        for (int p = 0; p < params.bins_y; ++p) along_y[p] = typename Bin::Along(roi.y, params.bins_y, p, params);
        for (int q = 0; q < params.bins_x; ++q) along_x[q] = typename Bin::Along(roi.x, params.bins_x, q, params);
        const auto bin_of = [&](int p, int q) { return Bin(roi, params, along_y[p], along_x[q]); };
        const feature_t* const map = (const feature_t*)params.maps[roi.level] + roi.image * params.channels * pixels;
        Sums<VECTOR> sums[LANES_OF_ROI];
        Sums<1> rest[LANES_OF_ROI];
        for (int64 first = 0; first < params.channels; first += VECTOR) {
            const int64 end = first + VECTOR < params.channels ? first + VECTOR : params.channels;
            const bool whole = first + VECTOR == end;
            if (whole) bring_together<VECTOR>(map + first * pixels, pixels, width, y, x, turned);
            const int64 origin = y.begin * columns + (int64)x.begin * VECTOR + first;
            const auto seen = [&](const Place& place) {
                return whole ? Place{place.grad, turned - origin, place.grad_step, 1, columns, VECTOR} : place;
            };
            const feature_t* const next = end + VECTOR <= params.channels ? map + end * pixels : 0;
            for (int lane = 0; lane < LANES_OF_ROI; ++lane) {
                if (next) bring_rows<VECTOR>(next, pixels, width, y, x, lane, LANES_OF_ROI);
                Sums<VECTOR> so_far = sums[lane];  // in registers
                add_channels(lane, first, end, k, roi, grad, params, bin_of, seen, so_far, rest[lane]);
                sums[lane] = so_far;
            }
        }
        for (int lane = 0; lane < LANES_OF_ROI; ++lane) write_sums(sums[lane], rest[lane], totals + NUMBERS * lane);
        return true;
    }
}

#else
template <class Gradient> ROIKIT_FN bool add_turned(int64, const Roi&, const feature_t*, const BoxGradientParams&, acc_t*, feature_t*) {
    return false;
}
#endif
