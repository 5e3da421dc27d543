// PSRoIAlign on a feature pyramid, the gradient for the boxes: box_gradient.cuh, on the map of a RoI's level, where each bin reads channels
// of its own.
//
// The specialisation defines the macros of the files below.
#include "library/numeric.cuh"
#include "library/sampling.cuh"
#include "library/modes.cuh"
#include "library/geometry.cuh"
#include "library/vectors.cuh"
#include "library/roi.cuh"
#include "library/sampled_winner.cuh"
#include "library/selected.cuh"
#include "library/box_gradient.cuh"

extern "C" __global__ void __launch_bounds__(ROIKIT_THREADS, ROIKIT_FITTING_BLOCKS)
multiscale_ps_roi_align_backward_boxes(const feature_t* grad, const acc_t* boxes, const int64* number_of_rois, acc_t* gradient,
                                       int64* status, const BoxGradientParams params) {
    ROIKIT_SHARED_MEMORY(shared_memory);
    add_up_rois<SampledBoxGradient>(grad, boxes, number_of_rois, gradient, status, shared_memory, params);
}
