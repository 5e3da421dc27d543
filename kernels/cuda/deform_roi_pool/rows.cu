// Deformable RoI pooling: rows that have the offsets of a RoI's bins after its box, as moved.cuh reads them.
//
// The specialisation defines ROIKIT_FEATURE_T, and
//   ROIKIT_THREADS   the most that a block may have on a GPU
#include "library/numeric.cuh"
#include "library/points/join.cuh"

extern "C" __global__ void __launch_bounds__(ROIKIT_THREADS)
deform_roi_pool_join(const acc_t* boxes, const feature_t* offset, acc_t* rows, const RowsParams params) {
    join_rows(boxes, offset, rows, params);
}
