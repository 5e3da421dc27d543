// Where the bins of a RoI lie in an array like the output.
#pragma once

// Bin 0 of channel 0, and how far on the next channel is, and the next bin.
struct BinSteps {
    int64 first, channel, bin;
};

// Of RoI k. With channels first, RoIs that lie `together` have each channel in one piece: that of all RoIs of an image before the next.
// With 1 each RoI has all its channels.
ROIKIT_FN BinSteps steps_of_bins(int64 k, int64 channels, int64 bins, int64 together) {
    if (LAYOUT == Layout::NHWC) return BinSteps{k * bins * channels, 1, channels};
    return BinSteps{(k / together * channels * together + k % together) * bins, together * bins, 1};
}
