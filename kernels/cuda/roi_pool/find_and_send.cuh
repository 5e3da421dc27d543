// Winners are found where they are sent from, by every tile that their bin touches, and written down nowhere. So a CPU does with channels
// last: memory for the winners of all bins is far, bins that two tiles touch are few, and neighbouring channels are worked on at once.
#pragma once

#include "library/vectors.cuh"

// A bin of a RoI as a tile sees it: its pixels, what of them lies on the tile, and what arrives there.
struct Arriving {
    Span y, x, on_y, on_x;
    const feature_t* grad;
};

ROIKIT_FN Span within(const Span& span, int begin, int end) {
    return Span{span.begin > begin ? span.begin : begin, span.end < end ? span.end : end};
}

// The greatest pixels of a bin, in N channels; where nothing exceeds the start, it is the start.
template <int N> ROIKIT_FN Vector<N> greatest_of(const Arriving& bin, const feature_t* map, const MapSteps& steps) {
    Vector<N> best = filled<N>(least());
    ROIKIT_ROLLED for (int row = bin.y.begin; row < bin.y.end; ++row) {
        ROIKIT_ROLLED for (int column = bin.x.begin; column < bin.x.end; ++column) {
            const Vector<N> pixel = read_vector<N>(map + row * steps.row + column * steps.pixel);
            EACH_PART(i) best.part[i] = pixel.part[i] > best.part[i] ? pixel.part[i] : best.part[i];
        }
    }
    return best;
}

// Every pixel is compared with the greatest one: the first that is equal takes what arrives, and all others are sent 0.
template <int N> ROIKIT_FN void send_to_greatest(const Work& work, const Arriving& bin, int64 c, const feature_t* map,
                                                 const MapSteps& steps, const BackwardParams& params) {
    const Vector<N> greatest = greatest_of<N>(bin, map, steps), start = filled<N>(least()), none = filled<N>((acc_t)0);
    Vector<N> left = read_vector<N>(bin.grad + c);
    EACH_PART(i) left.part[i] = greatest.part[i] > start.part[i] ? left.part[i] : none.part[i];
    ROIKIT_ROLLED for (int row = bin.y.begin; row < bin.on_y.end; ++row) {
        ROIKIT_ROLLED for (int column = bin.x.begin; column < bin.x.end; ++column) {
            const Vector<N> pixel = read_vector<N>(map + row * steps.row + column * steps.pixel);
            Vector<N> mine;
            EACH_PART(i) {
                mine.part[i] = pixel.part[i] == greatest.part[i] ? left.part[i] : none.part[i];
                left.part[i] = pixel.part[i] == greatest.part[i] ? none.part[i] : left.part[i];
            }
            if (row < bin.on_y.begin || column < bin.on_x.begin || column >= bin.on_x.end) continue;  // of another tile
            acc_t* const sums = work.sums + place_of_sum(c, row - work.tile.y_begin, column - work.tile.x_begin, params);
            Vector<N> sum = read_vector<N>(sums);
            EACH_PART(i) sum.part[i] += mine.part[i];
            write_vector<N>(sum, sums);
        }
    }
}

// A NaN is equal to nothing; where one may be the maximum (RP-9), winners are looked for by their places.
template <int N> ROIKIT_FN void find_and_send(const Work& work, const Arriving& bin, int64 c, const feature_t* map,
                                              const MapSteps& steps, const BackwardParams& params) {
    if constexpr (NAN_PIXEL == Nan::skipped) {
        send_to_greatest<N>(work, bin, c, map, steps, params);
    } else {
        const Best<N> best = find_winner<N>(bin.y, bin.x, map, steps);
        for (int v = 0; v < N; ++v) {
            add_to_pixel(work, c + v, best.y[v], best.x[v], (acc_t)1, widen(bin.grad[c + v]), params);
        }
    }
}

// Channels of the block from `c` to `end`; what is less than a vector in shorter ones.
template <int N> ROIKIT_FN void find_and_send_all(const Work& work, const Arriving& bin, int64 c, int64 end, const feature_t* map,
                                                  const MapSteps& steps, const BackwardParams& params) {
    ROIKIT_ROLLED for (; c + N <= end; c += N) find_and_send<N>(work, bin, c, map + c, steps, params);
    if constexpr (N > 1) find_and_send_all<(N > 4 ? N / 4 : 1)>(work, bin, c, end, map, steps, params);
}

// Bin by bin and channel by channel, along the output's memory.
ROIKIT_FN void find_and_send_chunk(const Chunk& chunk, const Work& work, const feature_t* grad, const Workspace& workspace,
                                   const BackwardParams& params) {
    constexpr int N = ROIKIT_WINNERS;
    const Tile& tile = work.tile;
    const MapSteps steps = steps_on_map(tile.level, params);
    const int64 pixels = (int64)params.heights[tile.level] * params.widths[tile.level];
    const feature_t* const map = (const feature_t*)params.maps[tile.level] + tile.image * params.channels * pixels + work.channel;
    ROIKIT_ROLLED for (int n = 0; n < chunk.count; ++n) {
        const Piece& piece = chunk.pieces[n];
        const Span* const rows = workspace.spans + piece.roi * (params.bins_y + params.bins_x);
        const Span* const columns = rows + params.bins_y;
        ROIKIT_ROLLED for (int i = 0; i < piece.count_y * piece.count_x; ++i) {
            const int p = piece.first_y + i / piece.count_x, q = piece.first_x + i % piece.count_x;
            const Arriving bin = {rows[p], columns[q], within(rows[p], tile.y_begin, tile.y_end),
                                  within(columns[q], tile.x_begin, tile.x_end),
                                  grad + place_of_bin(piece.roi, p, q, params) + work.channel};
            ROIKIT_ROLLED for (int64 c = (int64)thread_of_block() * N; c < work.channels; c += (int64)threads_of_block() * N) {
                find_and_send_all<N>(work, bin, c, c + N < work.channels ? c + N : work.channels, map, steps, params);
            }
        }
    }
    __syncthreads();
}
