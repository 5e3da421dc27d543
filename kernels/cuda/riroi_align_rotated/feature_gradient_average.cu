// Rotation-invariant RoIAlign, the gradient for the maps (RI-5): the points of oriented.cuh, gathered by library/points/gathering.cuh. The
// three launches of tiles.cu come before.
//
// The specialisation defines, besides the macros of the files below:
//   ROIKIT_THREADS   the most that a block may have on a GPU; ROIKIT_BLOCKS as many of such blocks must fit a multiprocessor
#include "library/numeric.cuh"
#include "riroi_align_rotated/oriented.cuh"
#include "library/modes.cuh"
#include "library/vectors.cuh"
#include "library/points/roi.cuh"
#include "library/gathering/tiles.cuh"
#include "riroi_align_rotated/returned.cuh"

// As in library/points/arriving.cuh.
struct Arriving {
    const Roi& roi;
    const feature_t* grad;  // at channel 0 of bin 0
    int64 channel, step, bin_step;
    int orientations;

    ROIKIT_METHOD Arriving(const Roi& roi, const feature_t* grad, int64 channel, const BackwardParams& params)
        : roi(roi), grad(grad), channel(channel), orientations(params.orientations) {
        const bool last = LAYOUT == Layout::NHWC;
        step = last ? 1 : (int64)params.bins_y * params.bins_x, bin_step = last ? params.channels : 1;
    }

    template <int N> ROIKIT_METHOD Vector<N> load(int64 bin, int64 c) const {
        return Returned{grad + bin * bin_step, step, roi.points.mixture, orientations}.template mixed<N>(channel + c);
    }
};

#include "library/points/gathering.cuh"

extern "C" __global__ void __launch_bounds__(ROIKIT_THREADS, ROIKIT_FITTING_BLOCKS)
riroi_align_rotated_backward(const feature_t* grad, const acc_t* boxes, unsigned char* memory, const BackwardParams params) {
    ROIKIT_SHARED_MEMORY(shared_memory);
    gather_points(grad, boxes, memory, shared_memory, params);
}
