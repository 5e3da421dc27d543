// Where a RoI of a volume lies: RV-1 to RV-7 of conformance/operators/roi_align_3d/RULES.md.
//
// To the files of the library a volume (N, C, D, H, W) is a map of D · H rows, slice below slice, as it lies in memory in either layout;
// and the bins of a RoI are P_d · P_h rows of bins. A row of such a map is weighed by a product of a weight of its slice with one of its
// row in the slice: so a RoI's axis along y is two lines of samples, and all that pools or gathers is as it is for maps.
//
// One level alone: ROIKIT_LEVELS is 1.
#pragma once

#include "library/roi_fields.cuh"

// What these files call an axis is one of three here: the axis of a RoI is something else.
#define Axis OneAxis
#include "library/sampling.cuh"
#include "library/geometry.cuh"
#undef Axis

// What a struct of parameters has for this geometry. `heights` and `bins_y` count the rows of all slices.
#undef ROIKIT_GEOMETRY_FIELDS
#define ROIKIT_GEOMETRY_FIELDS                                  \
    double scale_z;                                             \
    int depth, height;   /* slices of a volume, rows of each */ \
    int bins_d, bins_h;  /* slices of bins, rows of each */     \
    int sampling_z, sampling_y, sampling_x;

constexpr int ROW_NUMBERS = 7;  // of a row of boxes

// An axis of a RoI: that of rows, or that of columns, which has one line.
struct Axis {
    OneAxis slices, line;
    int bins, height;  // rows of bins of a slice, rows of a slice; 0 of columns
};

struct Roi {
    int image, level;
    int refusal;
    Axis y, x;
};

// What `place_axis` asks of parameters.
struct Sampling {
    int sampling_y, sampling_x;
};

ROIKIT_FN Placed place_line(acc_t low, acc_t high, double scale, int bins, int size, int sampling_ratio, OneAxis& line) {
    return place_axis(low, high, (acc_t)scale, bins, size, Sampling{sampling_ratio, sampling_ratio}, true, line);
}

template <class Params> ROIKIT_FN Roi place_volume(const acc_t* box, const Params& params) {
    Roi roi;
    const acc_t batch = box[0];
    // RA-12, as in library/roi.cuh
    const bool in_range = batch > (acc_t)-1 && batch < (acc_t)2147483648.0f && (int64)batch < params.images;
    const bool known = in_range && (params.truncates || batch == (acc_t)(int)batch);
    roi.image = known ? (int)batch : 0;
    roi.level = 0;
    const Placed x = place_line(box[1], box[4], params.scales_x[0], params.bins_x, params.widths[0], params.sampling_x, roi.x.line);
    const Placed y = place_line(box[2], box[5], params.scales_y[0], params.bins_h, params.height, params.sampling_y, roi.y.line);
    const Placed z = place_line(box[3], box[6], params.scale_z, params.bins_d, params.depth, params.sampling_z, roi.y.slices);
    roi.x.slices = roi.x.line;
    roi.x.bins = roi.x.height = 0;
    roi.y.bins = params.bins_h;
    roi.y.height = params.height;
    roi.refusal = 0;
    if (x == Placed::too_far || y == Placed::too_far || z == Placed::too_far) roi.refusal = TOO_FAR;
    if (x == Placed::not_finite || y == Placed::not_finite || z == Placed::not_finite) roi.refusal = NOT_FINITE;
    if (!known) roi.refusal = BAD_BATCH_INDEX;
    return roi;
}

// RV-8: what the sum of a bin is divided by.
ROIKIT_FN acc_t samples_of(const Roi& roi) {
    const OneAxis &z = roi.y.slices, &y = roi.y.line, &x = roi.x.line;
    if (z.taken == 0 || y.taken == 0 || x.taken == 0) return (acc_t)1;
    return z.grid * y.grid * x.grid;
}
