// RoIPool, the gradient of maxima for the maps (RP-8). The winner of a bin is a pixel: its row and column of the map. First, winners are
// found: on a GPU those of all bins, on a CPU those of large ones (find_and_send.cuh). Then a block takes a tile of a map (tiles.cuh) for
// some channels. The three launches of tiles.cu come before.
//
// The specialisation defines, besides the macros of the files below:
//   ROIKIT_WINNERS   channels whose winners a thread finds together (on a GPU 1 if channels are first)
//   ROIKIT_FOUND     all | large: the bins whose winners are found first
//   ROIKIT_THREADS   the most that a block may have on a GPU; ROIKIT_BLOCKS as many of such blocks must fit a multiprocessor
#include "library/numeric.cuh"
#include "roi_pool/edges.cuh"
#include "library/modes.cuh"
#include "library/roi.cuh"
#include "library/gathering/tiles.cuh"
#include "roi_pool/gathered.cuh"
#include "roi_pool/maximum.cuh"

enum class Found { all, large };
constexpr Found FOUND_FIRST = Found::ROIKIT_FOUND;

// The first of the greatest pixels of a bin on `map`. Where a NaN is the maximum nothing wins.
template <int N, class T> ROIKIT_FN Best<N> find_winner(const Span& y, const Span& x, const T* map, const MapSteps& steps) {
    Best<N> best = best_from<N>(least());
    ROIKIT_ROLLED for (int row = y.begin; row < y.end; ++row) {
        ROIKIT_ROLLED for (int column = x.begin; column < x.end; ++column) {
            const T* const pixel = map + row * steps.row + column * steps.pixel;
            acc_t values[N];
            for (int v = 0; v < N; ++v) values[v] = widen(pixel[v * steps.channel]);
            consider<N>(best, values, (acc_t)1, row, column);
            const bool counts = NAN_PIXEL == Nan::propagates || LAST_COUNTS ||
                                (NAN_PIXEL == Nan::if_first && row == y.begin && column == x.begin);
            for (int v = 0; v < N && counts; ++v) {
                if (values[v] == values[v]) continue;
                // What comes next takes the place of a NaN; or nothing does, as nothing exceeds infinity.
                best.value[v] = LAST_COUNTS ? -infinity() : infinity();
                best.y[v] = -1;
            }
        }
    }
    return best;
}

template <int N> ROIKIT_FN Best<N> find_winner(const Axis& axis_y, const Axis& axis_x, int p, int q, const feature_t* map,
                                               const MapSteps& steps) {
    return find_winner<N>(bin_at(axis_y, p), bin_at(axis_x, q), map, steps);
}

#include "library/gathering/find_winners.cuh"

ROIKIT_FN void send(const Work& work, int64 c, const Piece&, int, int, const Winner& winner, acc_t grad,
                    const BackwardParams& params) {
    add_to_pixel(work, c, winner.y, winner.x, (acc_t)1, grad, params);
}

#include "roi_pool/find_and_send.cuh"

extern "C" __global__ void __launch_bounds__(ROIKIT_THREADS, ROIKIT_FITTING_BLOCKS)
roi_pool_backward(const feature_t* grad, const acc_t* boxes, unsigned char* memory, const BackwardParams params) {
    ROIKIT_SHARED_MEMORY(shared_memory);
    gather_maxima(boxes, memory, shared_memory, params, [&](const Chunk& chunk, const Work& work, const Workspace& workspace) {
        if constexpr (FOUND_FIRST == Found::all) {
            gather_maximum(chunk, work, grad, workspace, params);
        } else {
            find_and_send_chunk(chunk, work, grad, workspace, params);
        }
    });
}

extern "C" __global__ void __launch_bounds__(ROIKIT_THREADS, ROIKIT_FITTING_BLOCKS)
find_winners(const acc_t* boxes, const int64* number_of_rois, unsigned char* memory, const BackwardParams params) {
    if constexpr (FOUND_FIRST == Found::all) {
        find_all_winners<ROIKIT_WINNERS>(boxes, number_of_rois, memory, params);
    } else {
        find_large_winners<ROIKIT_WINNERS>(boxes, number_of_rois, memory, params);
    }
}
