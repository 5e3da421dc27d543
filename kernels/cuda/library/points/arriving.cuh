// What arrives at the channels of a map through the bins of a RoI, where all channels are those of the output (gathering.cuh).
#pragma once

#include "library/gathering/tiles.cuh"
#include "library/points/channels.cuh"

struct Arriving {
    const feature_t* first;  // of bin 0
    int64 step, bin_step;    // to the next channel, and to the next bin

    // Of a RoI at whose output `grad` arrives; for channels from this one on.
    ROIKIT_METHOD Arriving(const Roi&, const feature_t* grad, int64 channel, const BackwardParams& params) {
        const bool last = LAYOUT == Layout::NHWC;
        step = last ? 1 : (int64)params.bins_y * params.bins_x, bin_step = last ? params.channels : 1;
        first = grad + channel * step;
    }

    // At a bin, for N channels from `c` on.
    template <int N> ROIKIT_METHOD Vector<N> load(int64 bin, int64 c) const {
        return load_apart<N>(first + bin * bin_step + c * step, step);
    }
};
