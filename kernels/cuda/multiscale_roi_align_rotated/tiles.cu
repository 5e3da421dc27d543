// Which RoIs touch which tile of the maps of all levels, by the geometry of rotated RoIs; feature_t is the type of coordinates.
#include "library/numeric.cuh"
#include "multiscale_roi_align_rotated/levels.cuh"
#include "library/gathering/tiles.cuh"

// What each RoI reads of the map of its level. A thread takes a RoI.
extern "C" __global__ void
find_extents(const acc_t* boxes, const int64* number_of_rois, unsigned char* memory, int64* status, const BackwardParams params) {
    const Workspace workspace = divide(memory, params);
    const int64 rois = count_rois(number_of_rois, params.rois), step = (int64)gridDim.x * threads_of_block();
    ROIKIT_ROLLED for (int64 k = (int64)blockIdx.x * threads_of_block() + thread_of_block(); k < params.rois; k += step) {
        Extent extent = {-1, 0, 0, 0, 0};
        if (k < rois) {
            const Roi roi = read_roi(boxes + ROW_NUMBERS * k, params);
            if (roi.refusal) {
                report(status, k, roi.refusal);
            } else {
                const Area reach = reach_of(roi.points, params.bins_y, params.bins_x);
                const Span y = pixels_between(reach.y_begin, reach.y_end, params.heights[roi.level]);
                const Span x = pixels_between(reach.x_begin, reach.x_end, params.widths[roi.level]);
                extent = Extent{(int)(roi.level * params.images + roi.image), y.begin, y.end, x.begin, x.end};
            }
        }
        workspace.extents[k] = extent;
    }
}

#include "library/gathering/touching.cuh"
