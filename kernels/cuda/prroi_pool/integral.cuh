// Where a RoI lies and what its bins weigh: PR-1 to PR-5 of conformance/operators/prroi_pool/RULES.md. Everything is per axis, in feature
// pixels.
//
// A bin is integrated cell by cell, a cell being what lies between two neighbouring pixels. A cell is to the files of the library what a
// sample is: it names two pixels, and a weight for each. So lists of taps, pooling and gathering are those of RoIAlign. Weights
// are over the size of the bin, as products: nothing cancels, however thin the bin is.
#pragma once

#include "library/axis.cuh"
#include "library/choices.cuh"

// What a struct of parameters has for this geometry: nothing.
#define ROIKIT_GEOMETRY_FIELDS

// One axis of a RoI.
struct Axis {
    acc_t start, bin;  // PR-1: where bin 0 begins; PR-2: the size of a bin
    int size;          // H or W
    int taken;         // whether cells are taken: 0 if the RoI has no extent, otherwise 1
};

// PR-1, PR-2
template <class Params> ROIKIT_FN Placed place_axis(acc_t low, acc_t high, acc_t scale, int bins, int size, const Params&, bool,
                                                    Axis& axis) {
    axis.start = mul(low, scale);
    const acc_t extent = add(mul(high, scale), -axis.start);
    axis.taken = extent > (acc_t)0 ? 1 : 0;
    axis.bin = axis.taken ? extent / (acc_t)bins : (acc_t)0;
    axis.size = size;
    return is_finite(axis.start) && is_finite(extent) ? Placed::ok : Placed::not_finite;
}

// PR-3: where bin p begins, and bin p - 1 ends.
ROIKIT_FN acc_t edge_at(const Axis& axis, int p) { return add(axis.start, mul((acc_t)p, axis.bin)); }

// Cells are numbered from the one before pixel 0, where values rise from the 0 outside: cell number r lies between pixels r - 1 and r.
struct Ranks {
    int begin, end;
};

ROIKIT_FN int cell_number(acc_t whole, int size) {
    return whole <= (acc_t)-1 ? 0 : whole >= (acc_t)size ? size + 1 : (int)whole + 1;
}

// The cells of bin p in which the map counts.
ROIKIT_FN Ranks inside_ranks(const Axis& axis, int p) {
    const acc_t a = edge_at(axis, p), b = edge_at(axis, p + 1);
    if (!axis.taken || b <= (acc_t)-1 || a >= (acc_t)axis.size) return Ranks{0, 0};
    const int begin = cell_number(floor_of(a), axis.size), end = cell_number(ceil_of(b), axis.size);
    return Ranks{begin, end > begin ? end : begin + 1};  // a bin whose edges are rounded to the same whole number has a cell, too
}

// A part of a bin, in one cell: from `begin` to `end`, which is `share` of the bin, of the bin from a to b.
struct Stretch {
    acc_t a, b, begin, end, share;
    bool is_point;  // the edges are rounded to the same number
};

ROIKIT_FN Stretch stretch_of(const Axis& axis, int p, int rank) {
    Stretch part;
    part.a = edge_at(axis, p);
    part.b = edge_at(axis, p + 1);
    const acc_t low = (acc_t)(rank - 1), high = (acc_t)rank;
    part.begin = part.a > low ? part.a : low;
    part.end = part.b < high ? part.b : high;
    part.is_point = !(part.b > part.a);
    part.share = part.is_point ? (acc_t)1 : (part.end - part.begin) / (part.b - part.a);
    return part;
}

// PR-5: what the pixel before a cell counts in a part of it, and the pixel after it, over the size of the bin.
ROIKIT_FN acc_t weight_before(const Stretch& part, int rank) {
    const acc_t high = (acc_t)rank;
    return part.share * (((high - part.begin) + (high - part.end)) * (acc_t)0.5f);
}

ROIKIT_FN acc_t weight_after(const Stretch& part, int rank) {
    const acc_t low = (acc_t)(rank - 1);
    return part.share * (((part.begin - low) + (part.end - low)) * (acc_t)0.5f);
}

// The two pixels of a cell and their weights; the same pixel twice if the map has only one of them, or only one counts.
struct Sample {
    int low, high;
    acc_t weight_low, weight_high;
};

ROIKIT_FN Sample sample_at(const Axis& axis, int p, int rank) {
    const Stretch part = stretch_of(axis, p, rank);
    const acc_t before = weight_before(part, rank), after = weight_after(part, rank);
    if (rank == 0) return Sample{0, 0, after, (acc_t)0};
    const bool is_alone = rank == axis.size || after == (acc_t)0;
    return Sample{rank - 1, is_alone ? rank - 1 : rank, before, is_alone ? (acc_t)0 : after};
}
