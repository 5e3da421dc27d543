// RoIAlign, the gradient of maxima for the maps (RA-15). First the winner of every bin is found; then a block takes a tile of a map
// (tiles.cuh) for some channels. The three launches of tiles.cu come before.
//
// The specialisation defines, besides the macros of the files below:
//   ROIKIT_WINNERS   channels whose winners a thread finds together (on a GPU 1 if channels are first)
//   ROIKIT_THREADS   the most that a block may have on a GPU; ROIKIT_BLOCKS as many of such blocks must fit a multiprocessor
#include "library/numeric.cuh"
#include "library/sampling.cuh"
#include "library/modes.cuh"
#include "library/geometry.cuh"
#include "library/roi.cuh"
#include "library/gathering/sampled.cuh"
#include "library/sampled_winner.cuh"
#include "library/gathering/find_winners.cuh"

ROIKIT_FN void send(const Work& work, int64 c, const Piece& piece, int p, int q, const Winner& winner, acc_t grad,
                    const BackwardParams& params) {
    const Sample y = sample_at(piece.y, p, winner.y >> 1), x = sample_at(piece.x, q, winner.x >> 1);
    if (MAX == Max::corner) {
        const bool high_y = winner.y & 1, high_x = winner.x & 1;
        const acc_t weight = (high_y ? y.weight_high : y.weight_low) * (high_x ? x.weight_high : x.weight_low);
        return add_to_pixel(work, c, high_y ? y.high : y.low, high_x ? x.high : x.low, weight, grad, params);
    }
    add_to_pixel(work, c, y.low, x.low, y.weight_low * x.weight_low, grad, params);
    if (x.high != x.low) add_to_pixel(work, c, y.low, x.high, y.weight_low * x.weight_high, grad, params);
    if (y.high != y.low) add_to_pixel(work, c, y.high, x.low, y.weight_high * x.weight_low, grad, params);
    if (y.high != y.low && x.high != x.low) {
        add_to_pixel(work, c, y.high, x.high, y.weight_high * x.weight_high, grad, params);
    }
}

extern "C" __global__ void __launch_bounds__(ROIKIT_THREADS, ROIKIT_FITTING_BLOCKS)
roi_align_backward(const feature_t* grad, const acc_t* boxes, unsigned char* memory, const BackwardParams params) {
    ROIKIT_SHARED_MEMORY(shared_memory);
    gather_maxima(boxes, memory, shared_memory, params, [&](const Chunk& chunk, const Work& work, const Workspace& workspace) {
        gather_maximum(chunk, work, grad, workspace, params);
    });
}

extern "C" __global__ void __launch_bounds__(ROIKIT_THREADS, ROIKIT_FITTING_BLOCKS)
find_winners(const acc_t* boxes, const int64* number_of_rois, unsigned char* memory, const BackwardParams params) {
    find_all_winners<ROIKIT_WINNERS>(boxes, number_of_rois, memory, params);
}
