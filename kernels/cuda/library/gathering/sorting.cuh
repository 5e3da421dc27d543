// Which RoIs touch which tile of the maps (tiles.cuh), and in which order the tiles are best taken: three launches that prepare the
// gradient for the maps. Nothing here depends on channels.
//
// An operator that includes this has `span_of(axis, p)`: the pixels between the first and the last that bin p reads along an axis.
#pragma once

#include "library/gathering/tiles.cuh"

ROIKIT_FN Span joined(const Span* spans, int count) {
    Span all = {0, 0};
    ROIKIT_ROLLED for (int p = 0; p < count; ++p) {
        if (spans[p].end <= spans[p].begin) continue;
        const bool first = all.end <= all.begin;
        if (first || spans[p].begin < all.begin) all.begin = spans[p].begin;
        if (first || spans[p].end > all.end) all.end = spans[p].end;
    }
    return all;
}

// A block takes a RoI.
extern "C" __global__ void
find_extents(const acc_t* boxes, const int64* number_of_rois, unsigned char* memory, int64* status, const BackwardParams params) {
    const Workspace workspace = divide(memory, params);
    const int64 rois = count_rois(number_of_rois, params.rois);
    const int bins = params.bins_y + params.bins_x;
    ROIKIT_ROLLED for (int64 k = blockIdx.x; k < params.rois; k += gridDim.x) {
        const Roi roi = k < rois ? read_roi(boxes + 5 * k, params) : Roi{};
        const bool pooled = k < rois && !roi.refusal;
        Span* const spans = workspace.spans + k * bins;
        ROIKIT_ROLLED for (int i = thread_of_block(); i < bins; i += threads_of_block()) {
            const bool along_y = i < params.bins_y;
            const Axis axis = along_y ? roi.y : roi.x;
            spans[i] = pooled ? span_of(axis, along_y ? i : i - params.bins_y) : Span{0, 0};
        }
        __syncthreads();
        if (thread_of_block() == 0) {
            const Span y = joined(spans, params.bins_y), x = joined(spans + params.bins_y, params.bins_x);
            const int plane = pooled ? (int)(roi.level * params.images + roi.image) : -1;
            workspace.extents[k] = Extent{plane, y.begin, y.end, x.begin, x.end};
            if (k < rois && roi.refusal) report(status, k, roi.refusal);
        }
        __syncthreads();
    }
}

#include "library/gathering/touching.cuh"
