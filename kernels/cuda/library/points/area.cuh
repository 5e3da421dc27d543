// What of a map counts for points, as in RoIAlign.
#pragma once

#include "library/points/place.cuh"

// Where the map counts: what lies beyond is outside (RA-6).
ROIKIT_FN Area area_of_map(int height, int width) { return Area{(acc_t)-1, (acc_t)height, (acc_t)-1, (acc_t)width}; }

// RA-6. False for NaN.
ROIKIT_FN bool is_inside(const Point& at, int height, int width) {
    return at.y >= (acc_t)-1 && at.y <= (acc_t)height && at.x >= (acc_t)-1 && at.x <= (acc_t)width;
}

// The pixels that samples between two positions may read along an axis of `size` pixels; none if both are outside on one side.
ROIKIT_FN Span pixels_between(acc_t begin, acc_t end, int size) {
    if (!(end >= (acc_t)-1 && begin <= (acc_t)size)) return Span{0, 0};
    const int first = begin > (acc_t)0 ? (int)begin : 0;
    const int last = end < (acc_t)(size - 1) ? end > (acc_t)0 ? (int)end + 1 : (size > 1 ? 1 : 0) : size - 1;
    return Span{first < size ? first : size - 1, last + 1};
}
