// Deformable RoI pooling: rows that have the offsets of a RoI's bins after its box, as moved.cuh reads them.
//
// The specialisation defines ROIKIT_FEATURE_T, and
//   ROIKIT_THREADS   the most that a block may have on a GPU
#include "library/numeric.cuh"

struct RowsParams {
    int64 rois;
    int box_numbers, offsets;  // of a row
};

// A block takes some RoIs, a thread numbers of their rows.
extern "C" __global__ void __launch_bounds__(ROIKIT_THREADS)
deform_roi_pool_join(const acc_t* boxes, const feature_t* offset, acc_t* rows, const RowsParams params) {
    const int64 length = params.box_numbers + params.offsets;
    ROIKIT_ROLLED for (int64 k = blockIdx.x; k < params.rois; k += gridDim.x) {
        ROIKIT_ROLLED for (int64 n = threadIdx.x; n < length; n += blockDim.x) {
            const int64 place = n - params.box_numbers;
            rows[k * length + n] = place < 0 ? boxes[k * params.box_numbers + n] : widen(offset[k * params.offsets + place]);
        }
    }
}
