// What points put on the pixels that they read, for the gradient of the images (CR-7).
#pragma once

#include "library/gathering/tiles.cuh"

ROIKIT_FN Span span_of(const Axis& axis, int p) {
    const Taps taps = taps_at(axis, p);
    return taps.low < 0 ? Span{0, 0} : Span{taps.low, taps.high + 1};
}

// The weight of a point on the pixels begin … end - 1 along one of the axes.
ROIKIT_FN void weigh_bin(const Axis& y, const Axis& x, bool along_y, int p, int begin, int end, acc_t* weights) {
    const Taps taps = taps_at(along_y ? y : x, p);
    ROIKIT_ROLLED for (int i = begin; i < end; ++i) {
        const acc_t first = i == taps.low ? add((acc_t)1, -taps.fraction) : (acc_t)0;
        weights[i - begin] = i == taps.high && taps.high > taps.low ? taps.fraction : first;
    }
}
