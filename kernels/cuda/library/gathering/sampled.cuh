// What samples read and what they put on pixels, for the gradient of the maps.
#pragma once

#include "library/gathering/tiles.cuh"

ROIKIT_FN Span span_of(const Axis& axis, int p) {
    const Ranks ranks = inside_ranks(axis, p);
    if (ranks.end <= ranks.begin) return Span{0, 0};
    return Span{sample_at(axis, p, ranks.begin).low, sample_at(axis, p, ranks.end - 1).high + 1};
}

// The weight of a bin on the pixels begin … end - 1 along one of the axes: of RA-7, equal pixels merged, and divided (RA-8).
ROIKIT_FN void weigh_bin(const Axis& y, const Axis& x, bool along_y, int p, int begin, int end, acc_t* weights) {
    const Axis& axis = along_y ? y : x;
    const acc_t samples = y.grid * x.grid;
    // Dividing along one axis is enough, and rounds once, as dividing at the end would.
    const acc_t divisor = along_y && samples > (acc_t)1 ? samples : (acc_t)1;
    const Ranks ranks = inside_ranks(axis, p);
    // What lies at or below the pixel before the first sends nothing here, but what lies below the map is moved to its edge.
    const int first = begin > 0 ? first_rank(axis, p, (acc_t)(begin - 1), true) : 0;
    for (int i = 0; i < end - begin; ++i) weights[i] = (acc_t)0;
    ROIKIT_ROLLED for (int rank = first > ranks.begin ? first : ranks.begin; rank < ranks.end; ++rank) {
        const Sample sample = sample_at(axis, p, rank);
        if (sample.low >= end) break;
        if (sample.low >= begin) weights[sample.low - begin] += sample.weight_low;
        if (sample.high != sample.low && sample.high >= begin && sample.high < end) {
            weights[sample.high - begin] += sample.weight_high;
        }
    }
    for (int i = 0; i < end - begin; ++i) weights[i] = weights[i] / divisor;
}
