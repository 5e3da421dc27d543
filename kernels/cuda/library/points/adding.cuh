// What a RoI whose samples are points adds to a tile of a map. Of some bins at a time a thread each puts what their samples weigh on the
// pixels of the tile; then a thread adds up what arrives at these bins for N channels of a pixel, in their order.
//
// An operator that includes this has said what arrives at channels of the map: `Arriving`, as in arriving.cuh.
//
// The specialisation defines ROIKIT_VECTOR, the channels that a thread takes together.
#pragma once

#include "library/points/tile_weights.cuh"

// What arrives at the bins `on` a pixel, from bin `first` of a RoI on, for channels from `c` of the work's on.
template <int N> ROIKIT_FN void add_to_pixel(const PointTile& held, int pixel, const Arriving& arriving, int64 first, acc_t samples,
                                             int64 c, int64 end, acc_t* sums) {
    ROIKIT_ROLLED for (; c + N <= end; c += N) {
        Vector<N> sum = read_vector<N>(sums + c);
        ROIKIT_ROLLED for (unsigned left = held.on[pixel]; left; left &= left - 1) {
            const int b = lowest_of(left);
            const acc_t weight = held.weights[(int64)b * held.pixels + pixel] / samples;
            sum = multiply_add<N>(weight, arriving.load<N>(first + b, c), sum);
        }
        write_vector<N>(sum, sums + c);
    }
    if constexpr (N > 1) add_to_pixel<(N > 4 ? N / 4 : 1)>(held, pixel, arriving, first, samples, c, end, sums);
}

#include "library/points/tile_pixels.cuh"

// Adds what a RoI sends to a tile. Called by all threads of a block, which is synchronised when it returns.
ROIKIT_FN void add_roi(int64 k, const Roi& roi, const Work& work, const PointTile& held, const feature_t* grad,
                       const BackwardParams& params) {
    const int64 bins = (int64)params.bins_y * params.bins_x, groups = (work.channels + VECTOR - 1) / VECTOR;
    const bool last = LAYOUT == Layout::NHWC;
    const Arriving arriving(roi, grad + k * params.channels * bins, work.channel, params);
    const acc_t samples = samples_of(roi.points);
    ROIKIT_ROLLED for (int64 first = 0; first < bins; first += params.bins_at_once) {
        const int count = bins - first < params.bins_at_once ? (int)(bins - first) : params.bins_at_once;
        ROIKIT_ROLLED for (int b = thread_of_block(); b < count; b += threads_of_block()) {
            const int p = (int)((first + b) / params.bins_x), q = (int)((first + b) % params.bins_x);
            weigh_bin_of_points(roi, p, q, work.tile, held.weights + (int64)b * held.pixels, params);
        }
        __syncthreads();
        ROIKIT_ROLLED for (int i = thread_of_block(); i < held.pixels; i += threads_of_block()) {
            unsigned bits = 0;
            ROIKIT_ROLLED for (int b = 0; b < count; ++b) bits |= (unsigned)(held.weights[(int64)b * held.pixels + i] != (acc_t)0) << b;
            held.on[i] = bits;
        }
        __syncthreads();
        ROIKIT_ROLLED for (int64 i = thread_of_block(); i < held.pixels * groups; i += threads_of_block()) {
            // Neighbouring threads take neighbouring numbers of what arrives.
            const int pixel = (int)(last ? i / groups : i % held.pixels);
            const int64 c = (last ? i % groups : i / held.pixels) * VECTOR;
            if (!held.on[pixel]) continue;
            add_to_pixel<VECTOR>(held, pixel, arriving, first, samples, c, c + VECTOR < work.channels ? c + VECTOR : work.channels,
                                 held.sums + pixel * params.channels_per_block);
        }
        __syncthreads();
    }
}
