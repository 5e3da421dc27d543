// What samples of a volume read, and what they put on voxels, for the gradient of the maps.
#pragma once

#include "library/rows.cuh"
#include "library/gathering/tiles.cuh"

// The library's files step over rows of five numbers, where these have seven: by `boxes`, which each of them has at hand, the row that is
// meant is found.
constexpr int LIBRARY_ROW_NUMBERS = 5;

template <class Params> ROIKIT_FN Roi read_volume(const acc_t* boxes, const acc_t* row, const Params& params) {
    return place_volume(boxes + (row - boxes) / LIBRARY_ROW_NUMBERS * ROW_NUMBERS, params);
}

#define read_roi(row, params) read_volume(boxes, row, params)

ROIKIT_FN Span span_along(const OneAxis& line, int p) {
    const Ranks ranks = inside_ranks(line, p);
    if (ranks.end <= ranks.begin) return Span{0, 0};
    return Span{sample_at(line, p, ranks.begin).low, sample_at(line, p, ranks.end - 1).high + 1};
}

// Of a row of bins the rows of all slices between the first and the last that it reads.
ROIKIT_FN Span span_of(const Axis& axis, int p) {
    if (axis.height == 0) return span_along(axis.line, p);
    const Span slices = span_along(axis.slices, p / axis.bins), rows = span_along(axis.line, p % axis.bins);
    if (slices.end <= slices.begin || rows.end <= rows.begin) return Span{0, 0};
    return Span{slices.begin * axis.height + rows.begin, (slices.end - 1) * axis.height + rows.end};
}

// RV-7: what the samples of bin p put on a pixel of a line, added up.
ROIKIT_FN acc_t weight_on(const OneAxis& line, int p, int pixel) {
    const Ranks ranks = inside_ranks(line, p);
    // What lies at or below the pixel before sends nothing here, but what lies below the map is moved to its edge.
    const int first = pixel > 0 ? first_rank(line, p, (acc_t)(pixel - 1), true) : 0;
    acc_t weight = (acc_t)0;
    ROIKIT_ROLLED for (int rank = first > ranks.begin ? first : ranks.begin; rank < ranks.end; ++rank) {
        const Sample sample = sample_at(line, p, rank);
        if (sample.low > pixel) break;
        if (sample.low == pixel) {
            weight += sample.weight_low;
        } else if (sample.high == pixel) {
            weight += sample.weight_high;
        }
    }
    return weight;
}

// The weight of a bin on the pixels begin … end - 1 along one of the axes, divided along y (RV-8): once, as dividing at the end would be.
ROIKIT_FN void weigh_bin(const Axis& y, const Axis& x, bool along_y, int p, int begin, int end, acc_t* weights) {
    if (!along_y) {
        ROIKIT_ROLLED for (int i = begin; i < end; ++i) weights[i - begin] = weight_on(x.line, p, i);
        return;
    }
    Roi roi;
    roi.y = y, roi.x = x;
    const acc_t samples = samples_of(roi);
    acc_t of_slice = (acc_t)0;
    ROIKIT_ROLLED for (int i = begin; i < end; ++i) {
        const int slice = i / y.height, row = i - slice * y.height;
        if (i == begin || row == 0) of_slice = weight_on(y.slices, p / y.bins, slice);
        weights[i - begin] = of_slice == (acc_t)0 ? of_slice : of_slice * weight_on(y.line, p % y.bins, row) / samples;
    }
}
