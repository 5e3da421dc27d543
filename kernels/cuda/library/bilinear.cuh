// Which pixels a sample reads along an axis of the map: RA-6 and RA-7.
#pragma once

// The two pixels that a sample reads along an axis, and their weights.
struct Sample {
    int low, high;
    acc_t weight_low, weight_high;
};

// RA-6 (the move to the nearest edge) and RA-7
ROIKIT_FN Sample interpolate(acc_t at, int size) {
    if (at <= (acc_t)0) at = (acc_t)0;
    Sample sample;
    if (at >= (acc_t)(size - 1)) {
        sample.low = sample.high = size - 1;
        sample.weight_high = (acc_t)0;
    } else {
        sample.low = (int)at;
        sample.high = sample.low + 1;
        sample.weight_high = add(at, -(acc_t)sample.low);
    }
    sample.weight_low = add((acc_t)1, -sample.weight_high);
    return sample;
}
