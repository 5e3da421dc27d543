// RI-5: what arrives at channels of a map through a bin, of what arrives at the two channels of the output that each is a part of.
#pragma once

#include "library/points/channels.cuh"

// Of a feature the orientation of the output that gets `low` of a channel of the map is so many on, and one less the one that gets `high`.
struct Returned {
    const feature_t* grad;  // at channel 0 of the bin
    int64 step;             // to the next channel
    const Mixture& mixture;
    int orientations;

    template <int N> ROIKIT_METHOD Vector<N> at(int64 channel, int n) const {
        Vector<N> result;
        EACH_PART(i) {
            for (int v = 0; v < Vector<N>::STEP; ++v) {
                const int64 other = channel_after(channel + i * Vector<N>::STEP + v, mixture.whole - n, orientations);
                set_lane(result.part[i], v, fetch(grad + other * step));
            }
        }
        return result;
    }

    // N channels from this one on. What weighs nothing sends nothing.
    template <int N> ROIKIT_METHOD Vector<N> mixed(int64 channel) const {
        Vector<N> sum = filled<N>((acc_t)0);
        if (mixture.low != (acc_t)0) sum = multiply_add<N>(mixture.low, at<N>(channel, 0), sum);
        if (mixture.high != (acc_t)0) sum = multiply_add<N>(mixture.high, at<N>(channel, 1), sum);
        return sum;
    }
};
