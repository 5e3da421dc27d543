// Which channel of the maps a bin reads, where all bins read all channels: that of the output. `Selected` is what selected.cuh says.
#pragma once

constexpr bool READS_NEIGHBOURS = true;  // whether channels of a bin that follow each other do so in the maps, too

struct Selected {
    int64 first, step;
};

ROIKIT_FN Selected selected_by(int64, int64, int64) { return Selected{0, 1}; }

// How many channels the maps have.
ROIKIT_FN int64 channels_read(int64 channels, int64) { return channels; }
