// What bins of whole pixels put on them, for the gradient of the maps. An operator that includes this has `bin_at(axis, p)`: the pixels
// of bin p along an axis.
#pragma once

ROIKIT_FN Span span_of(const Axis& axis, int p) { return bin_at(axis, p); }

// The weight of a bin on the pixels begin … end - 1 along one of the axes.
ROIKIT_FN void weigh_bin(const Axis& y, const Axis& x, bool along_y, int p, int begin, int end, acc_t* weights) {
    const Span bin = bin_at(along_y ? y : x, p);
    const acc_t share = (acc_t)1 / (acc_t)(bin.end - bin.begin);  // infinite if it has none, and then it is not used
    for (int i = begin; i < end; ++i) weights[i - begin] = i >= bin.begin && i < bin.end ? share : (acc_t)0;
}
