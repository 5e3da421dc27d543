// The gradient for the maps of maxima, of RoIs whose samples are points, each bin of which reads channels of its own (selected.cuh). First
// the winner of every bin is found. Then a block takes a tile of a map (tiles.cuh) for some channels, and one RoI after the other that
// touches it; a thread takes channels of the map, and adds what the one bin that reads a channel sends to the pixels that its winner was
// read from. No two threads write to the same sum, and no bit depends on how many there are.
//
// An operator that includes this has `reach_of_bin(points, p, q)`, the area that the samples of a bin lie in, and `boxes_together(params)`
// (outputs.cuh).
#pragma once

#include "library/selected.cuh"
#include "library/gathering/tiles.cuh"
#include "library/gathering/work.cuh"
#include "library/gathering/tile_sums.cuh"
#include "library/gathering/write_tile.cuh"
#include "library/points/outputs.cuh"
#include "library/points/winner.cuh"

ROIKIT_FN int64 bins_of(const BackwardParams& params) { return (int64)params.bins_y * params.bins_x; }

// How many channels the output has. `params` has those of the maps.
ROIKIT_FN int64 channels_of_output(const BackwardParams& params) { return params.channels / bins_of(params); }

ROIKIT_FN BinSteps steps_of_roi(int64 k, const BackwardParams& params) {
    return steps_of_bins(k, channels_of_output(params), bins_of(params), boxes_together(params));
}

// Writes the winners of a bin for channels of the output from `channel` on, a short last vector one by one. `map` and `winners` are those
// of channel 0.
template <int N> ROIKIT_FN void write_winners(const Roi& roi, int p, int q, const feature_t* map, int64 channel, Winner* winners,
                                              int64 apart, const BackwardParams& params) {
    const int64 channels = channels_of_output(params);
    if (channel + N <= channels) {
        const int height = params.heights[0], width = params.widths[0];
        const PointSteps steps = steps_on_map(height, width, params.channels);
        const Best<N> best = find_winner<N>(roi.points, p, q, map + channel * steps.channel, steps, height, width);
        for (int v = 0; v < N; ++v) winners[(channel + v) * apart] = Winner{best.y[v], best.x[v]};
    } else if constexpr (N > 1) {
        ROIKIT_ROLLED for (; channel < channels; ++channel) write_winners<1>(roi, p, q, map, channel, winners, apart, params);
    }
}

// A block takes a RoI, a thread N channels of a bin.
template <int N> ROIKIT_FN void find_winners_of_points(const acc_t* boxes, const int64* number_of_rois, unsigned char* memory,
                                                       const BackwardParams& params) {
    const Workspace workspace = divide(memory, params);
    const int64 rois = count_rois(number_of_rois, params.rois), bins = bins_of(params), channels = channels_of_output(params);
    const int64 pixels = (int64)params.heights[0] * params.widths[0], groups = (channels + N - 1) / N;
    ROIKIT_ROLLED for (int64 k = blockIdx.x; k < rois; k += gridDim.x) {
        const Roi roi = read_roi(boxes + ROW_NUMBERS * k, params);
        if (roi.refusal) continue;  // none of its winners is read
        const feature_t* const map = (const feature_t*)params.maps[0] + roi.image * params.channels * pixels;
        const BinSteps mine = steps_of_roi(k, params);
        ROIKIT_ROLLED for (int64 i = thread_of_block(); i < bins * groups; i += threads_of_block()) {
            // In the order of the output's memory.
            const int64 bin = LAYOUT == Layout::NHWC ? i / groups : i % bins;
            const int64 channel = (LAYOUT == Layout::NHWC ? i % groups : i / bins) * N;
            const feature_t* const own = map + selected_by(bin, bins, channels).first * (LAYOUT == Layout::NHWC ? 1 : pixels);
            write_winners<N>(roi, (int)(bin / params.bins_x), (int)(bin % params.bins_x), own, channel,
                             workspace.winners + mine.first + bin * mine.bin, mine.channel, params);
        }
    }
}

// Whether the samples of a bin may read pixels of a tile: those within a pixel of it, at the edges of the map too.
ROIKIT_FN bool may_read(const Area& reach, const Tile& tile) {
    return reach.y_begin <= (acc_t)tile.y_end && reach.y_end >= (acc_t)(tile.y_begin - 1) && reach.x_begin <= (acc_t)tile.x_end &&
           reach.x_end >= (acc_t)(tile.x_begin - 1);
}

// Sends what arrives at a bin to the pixels that a sample reads.
ROIKIT_FN void send_from(const Point& at, const Work& work, int64 c, acc_t arriving, const BackwardParams& params) {
    const Sample y = interpolate(at.y, params.heights[0]), x = interpolate(at.x, params.widths[0]);
    add_to_pixel(work, c, y.low, x.low, y.weight_low * x.weight_low, arriving, params);
    if (x.high != x.low) add_to_pixel(work, c, y.low, x.high, y.weight_low * x.weight_high, arriving, params);
    if (y.high != y.low) add_to_pixel(work, c, y.high, x.low, y.weight_high * x.weight_low, arriving, params);
    if (y.high != y.low && x.high != x.low) {
        add_to_pixel(work, c, y.high, x.high, y.weight_high * x.weight_high, arriving, params);
    }
}

// Adds what a RoI sends to a tile.
ROIKIT_FN void add_winners(int64 k, const Roi& roi, const Work& work, const feature_t* grad, const Workspace& workspace,
                           const BackwardParams& params) {
    const BinSteps mine = steps_of_roi(k, params);
    ROIKIT_ROLLED for (int64 c = thread_of_block(); c < work.channels; c += threads_of_block()) {
        const Selector by = selector_of(work.channel + c, bins_of(params), channels_of_output(params));
        const int p = (int)(by.bin / params.bins_x), q = (int)(by.bin % params.bins_x);
        if (!may_read(reach_of_bin(roi.points, p, q), work.tile)) continue;
        const int64 place = mine.first + by.bin * mine.bin + by.channel * mine.channel;
        const Winner winner = workspace.winners[place];
        if (winner.y < 0) continue;
        send_from(point_at(roi.points, p, q, winner.y, winner.x), work, c, widen(grad[place]), params);
    }
}

ROIKIT_FN int lowest_of(unsigned bits) {
#ifdef __CUDA_ARCH__
    return __ffs(bits) - 1;
#else
    return __builtin_ctz(bits);
#endif
}

// A block takes a tile of a map for some channels. Winners are known.
ROIKIT_FN void gather_maxima_of_points(const feature_t* grad, const acc_t* boxes, unsigned char* memory, unsigned char* shared_memory,
                                       const BackwardParams& params) {
    const Workspace workspace = divide(memory, params);
    const int64 words = words_of(params), step = (int64)gridDim.y * params.channels_per_block;
    ROIKIT_ROLLED for (int64 i = blockIdx.x; i < params.tiles; i += gridDim.x) {
        const int64 tile = workspace.order[i];
        if (is_zero_already(workspace.touches[tile])) continue;
        ROIKIT_ROLLED for (int64 channel = blockIdx.y * params.channels_per_block; channel < params.channels; channel += step) {
            const Work work = work_at(tile, channel, (acc_t*)shared_memory, params);
            clear_sums(work, params);
            ROIKIT_ROLLED for (int64 word = 0; workspace.touches[tile] && word < words; ++word) {
                ROIKIT_ROLLED for (unsigned left = workspace.touching[tile * words + word]; left; left &= left - 1) {
                    const int64 k = 32 * word + lowest_of(left);
                    add_winners(k, read_roi(boxes + ROW_NUMBERS * k, params), work, grad, workspace, params);
                }
            }
            __syncthreads();
            write_tile(work, [&](int64 c, int y, int x) { return work.sums[place_of_sum(c, y, x, params)]; }, params);
        }
    }
}
