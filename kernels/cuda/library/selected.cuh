// Which channel of the maps a bin reads, where each bin has channels of its own: PS-1 of the position-sensitive operators.
//
// The specialisation defines ROIKIT_CHANNEL_ORDER as a choice of the enum below.
#pragma once

#include "library/choices.cuh"

enum class ChannelOrder { class_major, bin_major };

#define CHANNEL_ORDER ROIKIT_CHOICE(ChannelOrder, CHANNEL_ORDER)

constexpr bool READS_NEIGHBOURS = false;  // not in every order of channels

// The channel that bin number `bin` reads for channel 0 of the output, of which there are `channels`, and how far on it is to the next.
struct Selected {
    int64 first, step;
};

ROIKIT_FN Selected selected_by(int64 bin, int64 bins, int64 channels) {
    return CHANNEL_ORDER == ChannelOrder::class_major ? Selected{bin, bins} : Selected{bin * channels, 1};
}

// How many channels the maps have, of `channels` of the output.
ROIKIT_FN int64 channels_read(int64 channels, int64 bins) { return channels * bins; }

// The bin that reads a channel of the maps, and the channel of the output that it reads it for.
struct Selector {
    int64 bin, channel;
};

ROIKIT_FN Selector selector_of(int64 channel, int64 bins, int64 channels) {
    return CHANNEL_ORDER == ChannelOrder::class_major ? Selector{channel % bins, channel / bins} : Selector{channel / channels, channel % channels};
}
