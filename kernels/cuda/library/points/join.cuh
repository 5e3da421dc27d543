// Rows that have the offsets of a RoI after its box, as geometries read them that move bins.
#pragma once

struct RowsParams {
    int64 rois;
    int box_numbers, offsets;  // of a row
};

// A block takes some RoIs, a thread numbers of their rows.
ROIKIT_FN void join_rows(const acc_t* boxes, const feature_t* offset, acc_t* rows, const RowsParams& params) {
    const int64 length = params.box_numbers + params.offsets;
    ROIKIT_ROLLED for (int64 k = blockIdx.x; k < params.rois; k += gridDim.x) {
        ROIKIT_ROLLED for (int64 n = threadIdx.x; n < length; n += blockDim.x) {
            const int64 place = n - params.box_numbers;
            rows[k * length + n] = place < 0 ? boxes[k * params.box_numbers + n] : widen(offset[k * params.offsets + place]);
        }
    }
}
