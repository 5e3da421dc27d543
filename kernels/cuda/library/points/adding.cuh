// What a RoI whose samples are points adds to a tile of a map. Of some bins at a time a thread each puts what their samples weigh on the
// pixels of the tile; then a thread adds up what arrives at these bins for N channels of a pixel, in their order.
//
// An operator that includes this has said what arrives at channels of the map: `Arriving`, as in arriving.cuh.
//
// The specialisation defines ROIKIT_VECTOR, the channels that a thread takes together.
#pragma once

#include "library/points/tile_weights.cuh"

// What arrives at the bins `on` a pixel, from bin `first` of a RoI on, for channels from `c` of the work's on.
template <int N, class Bins> ROIKIT_FN void add_to_pixel(const PointTile& held, int pixel, const Bins& arriving, int64 first, acc_t samples,
                                             int64 c, int64 end, acc_t* sums) {
    ROIKIT_ROLLED for (; c + N <= end; c += N) {
        Vector<N> sum = read_vector<N>(sums + c);
        ROIKIT_ROLLED for (unsigned left = held.on[pixel]; left; left &= left - 1) {
            const int b = lowest_of(left);
            const acc_t weight = held.weights[(int64)b * held.pixels + pixel] / samples;
            sum = multiply_add<N>(weight, arriving.template load<N>(first + b, c), sum);
        }
        write_vector<N>(sum, sums + c);
    }
    if constexpr (N > 1) add_to_pixel<(N > 4 ? N / 4 : 1)>(held, pixel, arriving, first, samples, c, end, sums);
}

#ifndef __CUDA_ARCH__
// What arrives at bins from `first` on. A CPU reads it once for a tile: channels may be far apart, or each a mixture of others.
struct Arrived {
    const acc_t* numbers;
    int64 first, next;

    template <int N> ROIKIT_METHOD Vector<N> load(int64 bin, int64 c) const {
        return read_vector<N>(numbers + (bin - first) * next + c);
    }
};

template <int N> ROIKIT_FN void read_bin(const Arriving& arriving, int64 bin, int64 c, int64 channels, acc_t* to) {
    for (; c + N <= channels; c += N) write_vector<N>(arriving.load<N>(bin, c), to + c);
    if constexpr (N > 1) read_bin<(N > 4 ? N / 4 : 1)>(arriving, bin, c, channels, to);
}

constexpr int TOGETHER = 64;  // channels: four of the widest registers have so many lanes

// The same for a thread that is alone.
ROIKIT_FN void add_alone(const PointTile& held, const Arriving& arriving, int64 first, acc_t samples, const Work& work,
                             const BackwardParams& params) {
    const int64 next = params.channels_per_block;
    unsigned on = 0;
    for (int pixel = 0; pixel < held.pixels; ++pixel) on |= held.on[pixel];
    for (; on; on &= on - 1) {
        const int b = lowest_of(on);
        read_bin<VECTOR>(arriving, first + b, 0, work.channels, held.arrived + b * next);
    }
    for (int pixel = 0; pixel < held.pixels; ++pixel) {
        if (!held.on[pixel]) continue;
        add_to_pixel<TOGETHER>(held, pixel, Arrived{held.arrived, first, next}, first, samples, 0, work.channels, held.sums + pixel * next);
    }
}
#endif

// Adds what arrives at bins from `first` on to the pixels that they weigh.
ROIKIT_FN void add_to_pixels(const PointTile& held, const Arriving& arriving, int64 first, acc_t samples, const Work& work,
                             const BackwardParams& params) {
#ifndef __CUDA_ARCH__
    if (threads_of_block() == 1) return add_alone(held, arriving, first, samples, work, params);
#endif
    const int64 groups = (work.channels + VECTOR - 1) / VECTOR;
    const bool last = LAYOUT == Layout::NHWC;
    ROIKIT_ROLLED for (int64 i = thread_of_block(); i < held.pixels * groups; i += threads_of_block()) {
        // Neighbouring threads take neighbouring numbers of what arrives.
        const int pixel = (int)(last ? i / groups : i % held.pixels);
        const int64 c = (last ? i % groups : i / held.pixels) * VECTOR;
        if (!held.on[pixel]) continue;
        add_to_pixel<VECTOR>(held, pixel, arriving, first, samples, c, c + VECTOR < work.channels ? c + VECTOR : work.channels,
                             held.sums + pixel * params.channels_per_block);
    }
}

#include "library/points/tile_pixels.cuh"

// Adds what a RoI sends to a tile. Called by all threads of a block, which is synchronised when it returns.
ROIKIT_FN void add_roi(int64 k, const Roi& roi, const Work& work, const PointTile& held, const feature_t* grad,
                       const BackwardParams& params) {
    const int64 bins = (int64)params.bins_y * params.bins_x;
    const Arriving arriving(roi, grad + k * params.channels * bins, work.channel, params);
    const acc_t samples = samples_of(roi.points);
    ROIKIT_ROLLED for (int64 first = 0; first < bins; first += params.bins_at_once) {
        const int count = bins - first < params.bins_at_once ? (int)(bins - first) : params.bins_at_once;
        ROIKIT_ROLLED for (int b = thread_of_block(); b < count; b += threads_of_block()) {
            const int p = (int)((first + b) / params.bins_x), q = (int)((first + b) % params.bins_x);
            weigh_bin_of_points(roi, p, q, work.tile, held.weights + (int64)b * held.pixels, params);
        }
        __syncthreads();
        note_bins(held, count);
        __syncthreads();
        add_to_pixels(held, arriving, first, samples, work, params);
        __syncthreads();
    }
}
