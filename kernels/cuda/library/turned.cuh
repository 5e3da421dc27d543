// Channels first on a CPU: the pixels that a RoI reads are brought together for as many channels as are taken together, so that these are
// neighbours for all bins that read them; and where samples lie is worked out once for all channels. What is added, and in which order,
// stays as it is.
#pragma once

#ifndef __CUDA_ARCH__

// Rows or columns of a map: from `begin` to before `end`. None if it is not known which.
struct Reach {
    int begin, end;
};

// All that can be read between two positions, with room for the neighbours of both.
ROIKIT_FN Reach reach_between(acc_t a, acc_t b, int size) {
    const acc_t low = a < b ? a : b, high = a < b ? b : a, far = (acc_t)1e9f;
    if (!(low > -far && high < far)) return Reach{0, 0};
    const acc_t last = (acc_t)(size - 1);
    const int begin = (int)(low < (acc_t)1 ? (acc_t)0 : low > last ? last : low) - 1;
    const int end = (int)(high < (acc_t)0 ? (acc_t)0 : high > last ? last : high) + 3;
    return Reach{begin < 0 ? 0 : begin, end < size ? end : size};
}

// A copy of these pixels, VECTOR channels each.
ROIKIT_FN void bring_together(const feature_t* map, int64 pixels, int64 width, const Reach& y, const Reach& x, feature_t* turned) {
    const int columns = x.end - x.begin;
    for (int row = y.begin; row < y.end; ++row, turned += columns * VECTOR) {
        for (int v = 0; v < VECTOR; ++v) {
            const feature_t* const pixel = map + v * pixels + row * width + x.begin;
            for (int column = 0; column < columns; ++column) turned[column * VECTOR + v] = pixel[column];
        }
    }
}

constexpr int MOST_ALONG = 32;  // bins along an axis

// Adds up a RoI if that is worth while, and says so; `turned` has room for `params.turned_pixels`.
template <class Gradient> ROIKIT_FN bool add_turned(int64 k, const Roi& roi, const feature_t* grad, const BoxGradientParams& params,
                                                    acc_t* totals, feature_t* turned) {
    if constexpr (LAYOUT == Layout::NHWC || VECTOR == 1 || !Gradient::TURNS) {
        return false;
    } else {
        constexpr int LANES_OF_ROI = BIN_LANES * CHANNEL_LANES;
        const int64 width = params.widths[roi.level], pixels = params.heights[roi.level] * width;
        const Reach y = Gradient::reach_along(roi.y, params.bins_y), x = Gradient::reach_along(roi.x, params.bins_x);
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
            if (whole) bring_together(map + first * pixels, pixels, width, y, x, turned);
            const int64 origin = y.begin * columns + (int64)x.begin * VECTOR + first;
            const auto seen = [&](const Place& place) {
                return whole ? Place{place.grad, turned - origin, place.grad_step, 1, columns, VECTOR} : place;
            };
            for (int lane = 0; lane < LANES_OF_ROI; ++lane) {
                add_channels(lane, first, end, k, roi, grad, params, bin_of, seen, sums[lane], rest[lane]);
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
