// Deformable PSRoIPool, the gradient for the maps (DQ-8): a block owns a tile of a map for some channels of the map, and takes one RoI after
// the other that touches it. Of some bins at a time a thread each puts what their samples weigh on the pixels of the tile, over how many
// are inside; then a thread adds up what arrives at those of these bins that read a channel, in their order. The three launches of tiles.cu
// come before.
//
// The specialisation defines, besides the macros of the files below:
//   ROIKIT_THREADS   the most that a block may have on a GPU; ROIKIT_BLOCKS as many of such blocks must fit a multiprocessor
#include "library/numeric.cuh"
#include "deform_ps_roi_pool/placed.cuh"
#include "library/modes.cuh"
#include "library/vectors.cuh"
#include "library/points/roi.cuh"
#include "library/points/tile_weights.cuh"
#include "library/points/tile_pixels.cuh"

// What arrives at a RoI: how far on are the next channel of the output, and the next bin; and which bins are held, from `first` on.
struct Arriving {
    const feature_t* grad;
    int64 step, bin_step, first;
};

// Which of the bins that are on a pixel read a group of channels.
ROIKIT_FN unsigned reading(unsigned on, int64 group, int64 first, const BackwardParams& params) {
    if (groups_of(params) == 1) return on;
    unsigned bits = 0;
    ROIKIT_ROLLED for (unsigned left = on; left; left &= left - 1) {
        const int64 bin = first + lowest_of(left);
        if (group_of((int)(bin / params.bins_x), (int)(bin % params.bins_x), params) == group) bits |= left & -left;
    }
    return bits;
}

// Adds what arrives for N channels of the output, from `channel` on, to as many sums.
template <int N> ROIKIT_FN void add_channels(const PointTile& held, int pixel, unsigned bins, const Arriving& from, int64 channel,
                                             acc_t* sums) {
    Vector<N> sum = read_vector<N>(sums);
    ROIKIT_ROLLED for (unsigned left = bins; left; left &= left - 1) {
        const int b = lowest_of(left);
        const feature_t* const arriving = from.grad + (from.first + b) * from.bin_step + channel * from.step;
        sum = multiply_add<N>(held.weights[(int64)b * held.pixels + pixel], load_apart<N>(arriving, from.step), sum);
    }
    write_vector<N>(sum, sums);
}

// Channels c to end - 1 of the work, those of them that are of a class.
template <int N> ROIKIT_FN void add_to_pixel(const Work& work, const PointTile& held, int pixel, int64 number, const Arriving& from,
                                             int64 c, int64 end, acc_t* sums, const BackwardParams& params) {
    const int64 groups = groups_of(params), channels = params.channels / groups;
    ROIKIT_ROLLED for (; c + N <= end; c += N) {
        const int64 channel = (work.channel + c) / groups, last = channel + N - 1;
        const bool together = groups == 1 && class_of(channel, channels, params) == class_of(last, channels, params);
        if (N > 1 && !together) break;
        if (class_of(channel, channels, params) != number) continue;
        const unsigned bins = reading(held.on[pixel], (work.channel + c) % groups, from.first, params);
        if (bins) add_channels<N>(held, pixel, bins, from, channel, sums + c);
    }
    if constexpr (N > 1) add_to_pixel<(N > 4 ? N / 4 : 1)>(work, held, pixel, number, from, c, end, sums, params);
}

#ifndef __CUDA_ARCH__
// The same for all channels of the work, which are in several groups, bin by bin: each reads but one of them.
ROIKIT_FN void add_bins(const Work& work, const PointTile& held, int pixel, int64 number, const Arriving& from, acc_t* sums,
                        const BackwardParams& params) {
    const int64 groups = groups_of(params), channels = params.channels / groups, end = work.channel + work.channels;
    for (unsigned left = held.on[pixel]; left; left &= left - 1) {
        const int b = lowest_of(left);
        const int64 bin = from.first + b, group = group_of((int)(bin / params.bins_x), (int)(bin % params.bins_x), params);
        const acc_t weight = held.weights[(int64)b * held.pixels + pixel];
        for (int64 c = (work.channel - group + groups - 1) / groups; c * groups + group < end; ++c) {
            if (class_of(c, channels, params) != number) continue;
            acc_t& sum = sums[c * groups + group - work.channel];
            sum = multiply_add(weight, widen(from.grad[bin * from.bin_step + c * from.step]), sum);
        }
    }
}
#endif

// What the samples of a bin weigh on each pixel of a tile, over how many are inside the map.
ROIKIT_FN void share_bin(const Roi& roi, int p, int q, const Tile& tile, acc_t* weights, const BackwardParams& params) {
    weigh_bin_of_points(roi, p, q, tile, weights, params);
    const acc_t count = samples_inside(roi.points, p, q, params.heights[0], params.widths[0]);
    ROIKIT_ROLLED for (int i = 0; i < params.tile_y * params.tile_x; ++i) {
        if (weights[i] != (acc_t)0) weights[i] = weights[i] / count;
    }
}

// Adds what a RoI sends to a tile in a class of channels.
ROIKIT_FN void add_class(int64 number, const Roi& roi, const Work& work, const PointTile& held, Arriving from,
                         const BackwardParams& params) {
    const int64 bins = (int64)params.bins_y * params.bins_x;
    int64 vectors = (work.channels + VECTOR - 1) / VECTOR;
    const bool last = LAYOUT == Layout::NHWC;
    Roi mine = roi;
    mine.points = of_class(roi.points, number);
    ROIKIT_ROLLED for (from.first = 0; from.first < bins; from.first += params.bins_at_once) {
        const int count = bins - from.first < params.bins_at_once ? (int)(bins - from.first) : params.bins_at_once;
        ROIKIT_ROLLED for (int b = thread_of_block(); b < count; b += threads_of_block()) {
            const int p = (int)((from.first + b) / params.bins_x), q = (int)((from.first + b) % params.bins_x);
            share_bin(mine, p, q, work.tile, held.weights + (int64)b * held.pixels, params);
        }
        __syncthreads();
        note_bins(held, count);
        __syncthreads();
#ifndef __CUDA_ARCH__
        for (int pixel = thread_of_block(); pixel < (groups_of(params) > 1 ? held.pixels : 0); pixel += threads_of_block()) {
            add_bins(work, held, pixel, number, from, held.sums + pixel * params.channels_per_block, params);
        }
        if (groups_of(params) > 1) vectors = 0;
#endif
        ROIKIT_ROLLED for (int64 i = thread_of_block(); i < held.pixels * vectors; i += threads_of_block()) {
            // Neighbouring threads take neighbouring numbers of what arrives.
            const int pixel = (int)(last ? i / vectors : i % held.pixels);
            const int64 c = (last ? i % vectors : i / held.pixels) * VECTOR;
            if (!held.on[pixel]) continue;
            add_to_pixel<VECTOR>(work, held, pixel, number, from, c, c + VECTOR < work.channels ? c + VECTOR : work.channels,
                                 held.sums + pixel * params.channels_per_block, params);
        }
        __syncthreads();
    }
}

// Adds what a RoI sends to a tile. Called by all threads of a block, which is synchronised when it returns.
ROIKIT_FN void add_roi(int64 k, const Roi& roi, const Work& work, const PointTile& held, const feature_t* grad,
                       const BackwardParams& params) {
    const int64 bins = (int64)params.bins_y * params.bins_x, groups = groups_of(params), channels = params.channels / groups;
    const bool last = LAYOUT == Layout::NHWC;
    const Arriving from = {grad + k * channels * bins, last ? 1 : bins, last ? channels : 1, 0};
    const int64 end = class_of((work.channel + work.channels - 1) / groups, channels, params);
    ROIKIT_ROLLED for (int64 n = class_of(work.channel / groups, channels, params); n <= end; ++n) {
        add_class(n, roi, work, held, from, params);
    }
}

#include "library/points/tile_by_tile.cuh"

extern "C" __global__ void __launch_bounds__(ROIKIT_THREADS, ROIKIT_FITTING_BLOCKS)
deform_ps_roi_pool_backward(const feature_t* grad, const acc_t* boxes, unsigned char* memory, const BackwardParams params) {
    ROIKIT_SHARED_MEMORY(shared_memory);
    gather_points(grad, boxes, memory, shared_memory, params);
}
