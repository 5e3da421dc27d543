// Rotated RoIAlign on a feature pyramid, forward: the points of levels.cuh, averaged by library/points/average.cuh.
//
// The specialisation defines, besides the macros of the files below:
//   ROIKIT_THREADS   the most that a block may have on a GPU; ROIKIT_BLOCKS as many of such blocks must fit a multiprocessor
#include "library/numeric.cuh"
#include "multiscale_roi_align_rotated/levels.cuh"
#include "library/modes.cuh"
#include "library/vectors.cuh"
#include "library/every_channel.cuh"
#include "library/points/pooled.cuh"
#include "library/points/average.cuh"

// A block takes a RoI, or along y of the grid a part of its bins and channels.
extern "C" __global__ void __launch_bounds__(ROIKIT_THREADS, ROIKIT_FITTING_BLOCKS)
multiscale_roi_align_rotated_forward(const acc_t* boxes, const int64* number_of_rois, feature_t* output, int64* status,
                                     const PoolingParams params) {
    const int64 rois = count_rois(number_of_rois, params.rois), bins = (int64)params.bins_y * params.bins_x;
    const int64 first = (int64)blockIdx.y * threads_of_block() + thread_of_block(), step = (int64)gridDim.y * threads_of_block();
    ROIKIT_ROLLED for (int64 k = blockIdx.x; k < rois; k += gridDim.x) {
        const Roi roi = read_roi(boxes + ROW_NUMBERS * k, params);
        if (roi.refusal && first == 0) report(status, k, roi.refusal);
        const PoolingParams own = with_first(roi.level, params);
        const int64 pixels = (int64)own.heights[0] * own.widths[0];
        const feature_t* const map = (const feature_t*)own.maps[0] + roi.image * params.channels * pixels;
        const PointSteps steps = steps_on_map(own.heights[0], own.widths[0], params.channels);
        const BinSteps mine = steps_of_bins(k, params.channels, bins, 1);
        pool_roi(roi, map, steps, output, mine, first, step, own);
    }
}
