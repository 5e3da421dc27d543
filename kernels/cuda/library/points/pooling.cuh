// Pools the bins of RoIs whose samples are points (roi.cuh of this folder), all of one map, as pooled.cuh says.
//
// An operator that includes this has said which channels a bin reads (every_channel.cuh, or selected.cuh), and how many RoIs have each
// channel in one piece (outputs.cuh): `boxes_together(params)`.
#pragma once

#include "library/points/pooled.cuh"

// A block takes a RoI, or along y of the grid a part of its bins and channels.
ROIKIT_FN void pool_points(const acc_t* boxes, const int64* number_of_rois, feature_t* output, int64* status,
                           const PoolingParams& params) {
    const int64 rois = count_rois(number_of_rois, params.rois), bins = (int64)params.bins_y * params.bins_x;
    const int64 read = channels_read(params.channels, bins);
    const PointSteps steps = steps_on_map(params.heights[0], params.widths[0], read);
    const int64 pixels = (int64)params.heights[0] * params.widths[0];
    const int64 first = (int64)blockIdx.y * threads_of_block() + thread_of_block(), step = (int64)gridDim.y * threads_of_block();
    ROIKIT_ROLLED for (int64 k = blockIdx.x; k < rois; k += gridDim.x) {
        const Roi roi = read_roi(boxes + ROW_NUMBERS * k, params);
        if (roi.refusal && first == 0) report(status, k, roi.refusal);
        const feature_t* const map = (const feature_t*)params.maps[0] + roi.image * read * pixels;
        const BinSteps mine = steps_of_bins(k, params.channels, bins, boxes_together(params));
        pool_roi(roi, map, steps, output, mine, first, step, params);
    }
}
