// What cells read and what they put on pixels, for the gradient of the maps (PR-7).
#pragma once

#include "library/gathering/tiles.cuh"

ROIKIT_FN Span span_of(const Axis& axis, int p) {
    const Ranks ranks = inside_ranks(axis, p);
    if (ranks.end <= ranks.begin) return Span{0, 0};
    return Span{sample_at(axis, p, ranks.begin).low, sample_at(axis, p, ranks.end - 1).high + 1};
}

// The weight of a bin on the pixels begin … end - 1 along one of the axes, over the size of the bin.
ROIKIT_FN void weigh_bin(const Axis& y, const Axis& x, bool along_y, int p, int begin, int end, acc_t* weights) {
    const Axis& axis = along_y ? y : x;
    const Ranks ranks = inside_ranks(axis, p);
    for (int i = 0; i < end - begin; ++i) weights[i] = (acc_t)0;
    const int first = ranks.begin > begin ? ranks.begin : begin, last = ranks.end < end + 1 ? ranks.end : end + 1;
    ROIKIT_ROLLED for (int rank = first; rank < last; ++rank) {
        const Sample sample = sample_at(axis, p, rank);
        if (sample.low >= begin && sample.low < end) weights[sample.low - begin] += sample.weight_low;
        if (sample.high != sample.low && sample.high >= begin && sample.high < end) {
            weights[sample.high - begin] += sample.weight_high;
        }
    }
}
