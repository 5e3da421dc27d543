// The winners of all bins: on a GPU before what they are sent is gathered. An operator that includes this has
// `find_winner<N>(axis_y, axis_x, p, q, map, steps)`: those of bin (p, q) for N channels.
#pragma once

#include "library/gathering/gather_maximum.cuh"

ROIKIT_FN MapSteps steps_on_map(int level, const BackwardParams& params) {
    const int64 columns = params.widths[level], pixels = params.heights[level] * columns;
    return LAYOUT == Layout::NHWC ? MapSteps{columns * params.channels, params.channels, 1} : MapSteps{columns, 1, pixels};
}

// Writes the winners of the bin (p, q) for channels from `channel` on, a short last vector in pieces. `map` and `winners` are those
// of channel 0.
template <int N> ROIKIT_FN void write_winners(const Roi& roi, int p, int q, const feature_t* map, int64 channel, Winner* winners,
                                              const BackwardParams& params) {
    if (channel + N <= params.channels) {
        const MapSteps steps = steps_on_map(roi.level, params);
        const Best<N> best = find_winner<N>(roi.y, roi.x, p, q, map + channel * steps.channel, steps);
        for (int v = 0; v < N; ++v) winners[(channel + v) * channel_step(params)] = Winner{best.y[v], best.x[v]};
    } else if constexpr (N > 1) {
        ROIKIT_ROLLED for (; channel < params.channels; ++channel) write_winners<1>(roi, p, q, map, channel, winners, params);
    }
}

// A block takes a RoI, a thread N channels of a bin.
template <int N> ROIKIT_FN void find_all_winners(const acc_t* boxes, const int64* number_of_rois, unsigned char* memory,
                                                 const BackwardParams& params) {
    const Workspace workspace = divide(memory, params);
    const int64 bins = (int64)params.bins_y * params.bins_x, rois = count_rois(number_of_rois, params.rois);
    const int64 groups = (params.channels + N - 1) / N;
    ROIKIT_ROLLED for (int64 k = blockIdx.x; k < rois; k += gridDim.x) {
        const Roi roi = read_roi(boxes + 5 * k, params);
        if (roi.refusal) continue;  // none of its winners is read
        const int64 pixels = (int64)params.heights[roi.level] * params.widths[roi.level];
        const feature_t* const map = (const feature_t*)params.maps[roi.level] + roi.image * params.channels * pixels;
        ROIKIT_ROLLED for (int64 i = thread_of_block(); i < bins * groups; i += threads_of_block()) {
            // In the order of the output's memory.
            const int64 bin = LAYOUT == Layout::NHWC ? i / groups : i % bins;
            const int64 channel = (LAYOUT == Layout::NHWC ? i % groups : i / bins) * N;
            const int p = (int)(bin / params.bins_x), q = (int)(bin % params.bins_x);
            write_winners<N>(roi, p, q, map, channel, workspace.winners + place_of_bin(k, p, q, params), params);
        }
    }
}
