// RoIAlign, the gradient for the maps (RA-15). A block takes a tile of a map (tiles.cuh) for some channels; the three launches of
// tiles.cu come before, and one of find_winners for a maximum.
//
// The specialisation defines, besides the macros of numeric.cuh, sampling.cuh, roi.cuh, modes.cuh and vectors.cuh:
//   ROIKIT_VECTOR   neighbouring elements that a thread takes together: channels (NHWC) or columns (NCHW)
#include "numeric.cuh"
#include "sampling.cuh"
#include "modes.cuh"
#include "geometry.cuh"
#include "vectors.cuh"
#include "roi.cuh"
#include "tiles.cuh"

constexpr int VECTOR = ROIKIT_VECTOR;

// What a block knows of the tile that it works on.
struct Work {
    Tile tile;
    int64 channel, channels;  // the first, and how many
    feature_t* gradient;      // of the tile's plane: the gradient for the maps
    acc_t* sums;              // pixels of the tile × channels, between chunks
    bool fresh, last;         // whether these RoIs are the first to be added up, and the last
};

#include "chunk.cuh"
#include "gather_average.cuh"
#include "gather_maximum.cuh"
#include "winner.cuh"

ROIKIT_FN Work work_at(int64 tile, const BackwardParams& params) {
    Work work;
    work.tile = tile_at(tile, params);
    work.channel = blockIdx.y * params.channels_per_block;
    work.channels = params.channels - work.channel < params.channels_per_block ? params.channels - work.channel
                                                                                : params.channels_per_block;
    const int64 pixels = (int64)params.heights[work.tile.level] * params.widths[work.tile.level];
    work.gradient = (feature_t*)params.gradients[work.tile.level] + work.tile.image * params.channels * pixels;
    work.fresh = true;
    return work;
}

extern "C" __global__ void __launch_bounds__(ROIKIT_THREADS, ROIKIT_BLOCKS)
roi_align_backward(const feature_t* grad, const acc_t* boxes, unsigned char* memory, const BackwardParams params) {
    ROIKIT_SHARED_MEMORY(shared_memory);
    const Workspace workspace = divide(memory, params);
    unsigned char* free_memory = shared_memory;
    Chunk chunk = carve_chunk(free_memory, params);
    acc_t* const sums = (acc_t*)free_memory;
    ROIKIT_ROLLED for (int64 i = blockIdx.x; i < params.tiles; i += gridDim.x) {
        const int64 tile = workspace.order[i];
        Work work = work_at(tile, params);
        work.sums = sums;
        begin_chunks(chunk, workspace.touching + tile * words_of(params), workspace.touches[tile]);
        if (MODE == Mode::max) clear_sums(work, params);
        do {
            const int segments = next_chunk(chunk, work.tile, boxes, workspace, params);
            if (MODE == Mode::avg) {
                // Nearly always there is one segment. Without RoIs there is one, empty, that writes zeros.
                ROIKIT_ROLLED for (int segment = 0; segment < segments; ++segment) {
                    const Segment at = segment_at(chunk, segment);
                    work.last = chunk.left == 0 && segment == segments - 1;
                    weigh(chunk, work.tile, at, params);
                    gather_average(chunk, work, grad, at, params);
                    work.fresh = false;
                    __syncthreads();
                }
            } else {
                gather_maximum(chunk, work, grad, workspace, params);
                __syncthreads();
            }
        } while (chunk.left > 0);
        if (MODE == Mode::max) write_sums(work, params);
        __syncthreads();
    }
}

// Channels last: those from `channel` on, a short last vector in pieces.
template <int N> ROIKIT_FN void write_winners(const Roi& roi, int p, int q, const feature_t* map, int64 row_step, int64 channel,
                                              int64 channels, Winner* winners) {
    if (channel + N <= channels) {
        const Best<N> best = find_winner<N>(roi.y, roi.x, p, q, map + channel, row_step * channels, channels);
        for (int v = 0; v < N; ++v) winners[channel + v] = best.winner[v];
    } else if constexpr (N > 1) {
        for (int v = 0; v < N; v += N / 2) {
            if (channel + v < channels) write_winners<N / 2>(roi, p, q, map, row_step, channel + v, channels, winners);
        }
    }
}

// Writes the winners of all bins: a block takes a RoI, a thread some channels of a bin.
extern "C" __global__ void find_winners(const acc_t* boxes, const int64* number_of_rois, unsigned char* memory, const BackwardParams params) {
    constexpr int LANES_TAKEN = LAYOUT == Layout::NHWC ? ROIKIT_CHANNELS : 1;
    const Workspace workspace = divide(memory, params);
    const int64 bins = (int64)params.bins_y * params.bins_x, step = channel_step(params);
    const int64 rois = count_rois(number_of_rois, params.rois);
    ROIKIT_ROLLED for (int64 k = blockIdx.x; k < rois; k += gridDim.x) {
        const Roi roi = read_roi(boxes + 5 * k, params);
        if (roi.refusal) continue;  // none of its winners is read
        const int64 row_step = params.widths[roi.level], pixels = params.heights[roi.level] * row_step;
        const feature_t* const map = (const feature_t*)params.maps[roi.level] + roi.image * params.channels * pixels;
        const int64 vectors = (params.channels + LANES_TAKEN - 1) / LANES_TAKEN;
        ROIKIT_ROLLED for (int64 i = thread_of_block(); i < bins * vectors; i += threads_of_block()) {
            // In the order of the output's memory.
            const int64 bin = LAYOUT == Layout::NHWC ? i / vectors : i % bins;
            const int64 first = (LAYOUT == Layout::NHWC ? i % vectors : i / bins) * LANES_TAKEN;
            const int p = (int)(bin / params.bins_x), q = (int)(bin % params.bins_x);
            Winner* const winners = workspace.winners + place_of_bin(k, p, q, params);
            if (LAYOUT == Layout::NCHW) {
                winners[first * step] = find_winner<1>(roi.y, roi.x, p, q, map + first * pixels, row_step, 1).winner[0];
                continue;
            }
            write_winners<LANES_TAKEN>(roi, p, q, map, row_step, first, params.channels, winners);
        }
    }
}
