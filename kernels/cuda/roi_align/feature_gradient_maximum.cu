// RoIAlign, the gradient of maxima for the maps (RA-15). First the winner of every bin is found; then a block takes a tile of a map
// (tiles.cuh) for some channels. The three launches of tiles.cu come before.
//
// The specialisation defines, besides the macros of numeric.cuh, sampling.cuh, modes.cuh and roi.cuh:
//   ROIKIT_WINNERS   channels whose winners a thread finds together (1 if channels are first)
//   ROIKIT_THREADS   the most that a block may have on a GPU; ROIKIT_BLOCKS as many of such blocks must fit a multiprocessor
#include "library/numeric.cuh"
#include "library/sampling.cuh"
#include "library/modes.cuh"
#include "library/geometry.cuh"
#include "library/roi.cuh"
#include "library/gathering/tiles.cuh"
#include "library/gathering/work.cuh"
#include "library/gathering/chunk.cuh"
#include "library/gathering/gather_maximum.cuh"
#include "library/winner.cuh"

extern "C" __global__ void __launch_bounds__(ROIKIT_THREADS, ROIKIT_FITTING_BLOCKS)
roi_align_backward(const feature_t* grad, const acc_t* boxes, unsigned char* memory, const BackwardParams params) {
    ROIKIT_SHARED_MEMORY(shared_memory);
    const Workspace workspace = divide(memory, params);
    unsigned char* free_memory = shared_memory;
    Chunk chunk = carve_chunk(free_memory, params);
    ROIKIT_ROLLED for (int64 i = blockIdx.x; i < params.tiles; i += gridDim.x) {
        const int64 tile = workspace.order[i];
        const int64 step = gridDim.y * params.channels_per_block;
        ROIKIT_ROLLED for (int64 channel = blockIdx.y * params.channels_per_block; channel < params.channels; channel += step) {
            const Work work = work_at(tile, channel, (acc_t*)free_memory, params);
            begin_chunks(chunk, workspace.touching + tile * words_of(params), workspace.touches[tile]);
            clear_sums(work, params);
            do {
                see_chunk(chunk, work.tile, boxes, workspace, params);
                gather_maximum(chunk, work, grad, workspace, params);
            } while (chunk.left > 0);
            write_sums(work, params);
        }
    }
}

// Writes the winners of the bin (p, q) for channels from `channel` on, a short last vector in pieces. `map` and `winners` are those
// of channel 0.
template <int N> ROIKIT_FN void write_winners(const Roi& roi, int p, int q, const feature_t* map, int64 channel, Winner* winners,
                                              const BackwardParams& params) {
    const int64 columns = params.widths[roi.level], pixels = params.heights[roi.level] * columns;
    const bool last = LAYOUT == Layout::NHWC;
    if (channel + N <= params.channels) {
        const Best<N> best = find_winner<N>(roi.y, roi.x, p, q, map + channel * (last ? 1 : pixels),
                                            last ? columns * params.channels : columns, last ? params.channels : 1);
        for (int v = 0; v < N; ++v) winners[(channel + v) * channel_step(params)] = best.winner[v];
    } else if constexpr (N > 1) {
        ROIKIT_ROLLED for (; channel < params.channels; ++channel) write_winners<1>(roi, p, q, map, channel, winners, params);
    }
}

// A block takes a RoI, a thread some channels of a bin.
extern "C" __global__ void __launch_bounds__(ROIKIT_THREADS, ROIKIT_FITTING_BLOCKS)
find_winners(const acc_t* boxes, const int64* number_of_rois, unsigned char* memory, const BackwardParams params) {
    constexpr int TOGETHER = ROIKIT_WINNERS;
    const Workspace workspace = divide(memory, params);
    const int64 bins = (int64)params.bins_y * params.bins_x, rois = count_rois(number_of_rois, params.rois);
    const int64 groups = (params.channels + TOGETHER - 1) / TOGETHER;
    ROIKIT_ROLLED for (int64 k = blockIdx.x; k < rois; k += gridDim.x) {
        const Roi roi = read_roi(boxes + 5 * k, params);
        if (roi.refusal) continue;  // none of its winners is read
        const int64 pixels = (int64)params.heights[roi.level] * params.widths[roi.level];
        const feature_t* const map = (const feature_t*)params.maps[roi.level] + roi.image * params.channels * pixels;
        ROIKIT_ROLLED for (int64 i = thread_of_block(); i < bins * groups; i += threads_of_block()) {
            // In the order of the output's memory.
            const int64 bin = LAYOUT == Layout::NHWC ? i / groups : i % bins;
            const int64 channel = (LAYOUT == Layout::NHWC ? i % groups : i / bins) * TOGETHER;
            const int p = (int)(bin / params.bins_x), q = (int)(bin % params.bins_x);
            write_winners<TOGETHER>(roi, p, q, map, channel, workspace.winners + place_of_bin(k, p, q, params), params);
        }
    }
}
