// On a CPU winners of small bins are found where they are sent from, by every tile that their bin touches, and written down nowhere:
// memory for the winners of all bins is far, and neighbouring channels are worked on at once. With channels first in memory, the pixels of
// a row of bins are turned into a line, and what arrives at it into another, channels beside each other (lanes.cuh). A large bin, which
// many tiles may touch, has its winners found first, and so few of them.
#pragma once

#include "library/vectors.cuh"

#ifndef __CUDA_ARCH__

#include "library/pooling/common.cuh"
#include "library/pooling/lanes.cuh"

constexpr int64 LARGE = 64;  // pixels of a bin from which on it is

ROIKIT_FN bool is_large(const Span& y, const Span& x) { return (int64)(y.end - y.begin) * (x.end - x.begin) > LARGE; }

// ---- large bins -------------------------------------------------------------------------------------------------------------

// A block takes a RoI.
template <int N> ROIKIT_FN void find_large_winners(const acc_t* boxes, const int64* number_of_rois, unsigned char* memory,
                                                   const BackwardParams& params) {
    const Workspace workspace = divide(memory, params);
    const int64 rois = count_rois(number_of_rois, params.rois);
    for (int64 k = blockIdx.x; k < rois; k += gridDim.x) {
        const Roi roi = read_roi(boxes + 5 * k, params);
        if (roi.refusal) continue;  // none of its winners is read
        const Span* const rows = workspace.spans + k * (params.bins_y + params.bins_x);
        const Span* const columns = rows + params.bins_y;
        const int64 pixels = (int64)params.heights[roi.level] * params.widths[roi.level];
        const feature_t* const map = (const feature_t*)params.maps[roi.level] + roi.image * params.channels * pixels;
        for (int p = 0; p < params.bins_y; ++p) {
            for (int q = 0; q < params.bins_x; ++q) {
                if (!is_large(rows[p], columns[q])) continue;
                Winner* const winners = workspace.winners + place_of_bin(k, p, q, params);
                for (int64 c = 0; c < params.channels; c += N) write_winners<N>(roi, p, q, map, c, winners, params);
            }
        }
    }
}

// ---- small bins -------------------------------------------------------------------------------------------------------------

// A bin of a RoI as a tile sees it: its pixels, what of them lies on the tile, and what arrives there, channels beside each other.
template <class T> struct Arriving {
    Span y, x, on_y, on_x;
    const T* grad;
};

ROIKIT_FN Span within(const Span& span, int begin, int end) {
    return Span{span.begin > begin ? span.begin : begin, span.end < end ? span.end : end};
}

template <class T>
ROIKIT_FN Arriving<T> arriving_at(const Span& y, const Span& x, const Tile& tile, const T* grad) {
    return Arriving<T>{y, x, within(y, tile.y_begin, tile.y_end), within(x, tile.x_begin, tile.x_end), grad};
}

// The greatest pixels of a bin, in N channels; where nothing exceeds the start, it is the start.
template <int N, class T> ROIKIT_FN Vector<N> greatest_of(const Arriving<T>& bin, const T* map, const MapSteps& steps) {
    Vector<N> best = filled<N>(least());
    for (int row = bin.y.begin; row < bin.y.end; ++row) {
        for (int column = bin.x.begin; column < bin.x.end; ++column) {
            const Vector<N> pixel = read_vector<N>(map + row * steps.row + column * steps.pixel);
            EACH_PART(i) best.part[i] = pixel.part[i] > best.part[i] ? pixel.part[i] : best.part[i];
        }
    }
    return best;
}

// Every pixel is compared with the greatest one: the first that is equal takes what arrives, and all others are sent 0.
template <int N, class T> ROIKIT_FN void send_to_greatest(const Work& work, const Arriving<T>& bin, int64 c, const T* map,
                                                          const MapSteps& steps, const BackwardParams& params) {
    const Vector<N> greatest = greatest_of<N>(bin, map, steps), start = filled<N>(least()), none = filled<N>((acc_t)0);
    Vector<N> left = read_vector<N>(bin.grad);
    EACH_PART(i) left.part[i] = greatest.part[i] > start.part[i] ? left.part[i] : none.part[i];
    for (int row = bin.y.begin; row < bin.on_y.end; ++row) {
        for (int column = bin.x.begin; column < bin.x.end; ++column) {
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

// For N channels from `c` on of the block's. A NaN is equal to nothing; where one may be the maximum (RP-9), winners are looked for by
// their places.
template <int N, class T> ROIKIT_FN void find_and_send(const Work& work, const Arriving<T>& bin, int64 c, const T* map,
                                                       const MapSteps& steps, const BackwardParams& params) {
    if constexpr (NAN_PIXEL == Nan::skipped) {
        send_to_greatest<N>(work, bin, c, map, steps, params);
    } else {
        const Best<N> best = find_winner<N>(bin.y, bin.x, map, steps);
        for (int v = 0; v < N; ++v) {
            add_to_pixel(work, c + v, best.y[v], best.x[v], (acc_t)1, widen(bin.grad[v]), params);
        }
    }
}

// ---- channels last --------------------------------------------------------------------------------------------------------

// Channels of the block from `c` to `end`; what is less than a vector in shorter ones.
template <int N> ROIKIT_FN void find_and_send_all(const Work& work, Arriving<feature_t> bin, int64 c, int64 end, const feature_t* map,
                                                  const MapSteps& steps, const BackwardParams& params) {
    for (; c + N <= end; c += N, bin.grad += N) find_and_send<N>(work, bin, c, map + c, steps, params);
    if constexpr (N > 1) find_and_send_all<(N > 4 ? N / 4 : 1)>(work, bin, c, end, map, steps, params);
}

// Bin by bin and channel by channel, along the output's memory. `map` is that of the block's first channel.
ROIKIT_FN void send_channels_last(const Piece& piece, const Work& work, const feature_t* map, const feature_t* grad, const Span* rows,
                                  const Span* columns, const Workspace& workspace, const BackwardParams& params) {
    const MapSteps steps = steps_on_map(work.tile.level, params);
    for (int i = 0; i < piece.count_y * piece.count_x; ++i) {
        const int p = piece.first_y + i / piece.count_x, q = piece.first_x + i % piece.count_x;
        if (is_large(rows[p], columns[q])) {
            for (int64 c = 0; c < work.channels; ++c) send_bin(work, c, piece, p, q, grad, workspace, params);
            continue;
        }
        const feature_t* const arriving = grad + place_of_bin(piece.roi, p, q, params) + work.channel;
        const Arriving<feature_t> bin = arriving_at(rows[p], columns[q], work.tile, arriving);
        find_and_send_all<ROIKIT_WINNERS>(work, bin, 0, work.channels, map, steps, params);
    }
}

// ---- channels first -------------------------------------------------------------------------------------------------------

// A line has room for the pixels of a small bin in whole registers of columns, whether it is one row or a column; and for bins.
constexpr int LINE_PIXELS = LARGE * LANES, LINE_BINS = 4 * LANES;

static_assert((LINE_PIXELS + LINE_BINS) * LANES * sizeof(acc_t) <= ROIKIT_LINE_BYTES, "a size that feature_gradient.py reckons with");

struct Pixels {
    template <class Read> ROIKIT_METHOD Register operator()(const feature_t* map, const Read& read_columns) const {
        return read_columns(map);
    }
};

// The numbers from `begin` to `end` of a row of so many: whole registers of them if it has as many, whatever lies beyond.
ROIKIT_FN Window whole_registers(int begin, int end, int64 length) {
    const int whole = (end - begin + LANES - 1) / LANES * LANES;
    const int columns = whole <= length ? whole : end - begin;
    return Window{0, begin + columns <= length ? begin : (int)(length - columns), columns, false};
}

// Small bins of a row, from q on: as many as a line has room for.
struct SomeBins {
    int end;      // the first of the others
    Span columns; // of the map
};

ROIKIT_FN SomeBins bins_of_line(int q, int end, const Span& y, const Span* columns) {
    const int q_end = q + LINE_BINS - LANES < end ? q + LINE_BINS - LANES : end;
    const int64 most = LINE_PIXELS / (y.end - y.begin);
    SomeBins some = {q + 1, columns[q]};
    for (; some.end < q_end && !is_large(y, columns[some.end]); ++some.end) {
        const Span& next = columns[some.end];
        if (next.end <= next.begin) continue;
        const Span all = {some.columns.begin < next.begin ? some.columns.begin : next.begin,
                          some.columns.end > next.end ? some.columns.end : next.end};
        if (all.end - all.begin + LANES - 1 > most) break;
        some.columns = all;
    }
    return some;
}

constexpr int MOST_ROWS = 16;  // of the map that are brought while channels before are worked on

// Has the first rows that a RoI reads of a tile brought from memory, for LANES channels.
ROIKIT_FN void bring_rows(const Piece& piece, const Channels& channels, const Span* rows, const Span* columns, int width) {
    const int begin = rows[piece.first_y].begin, last = rows[piece.first_y + piece.count_y - 1].end;
    const int end = last < begin + MOST_ROWS ? last : begin + MOST_ROWS, first = columns[piece.first_x].begin;
    const Window window = {0, first, columns[piece.first_x + piece.count_x - 1].end - first, false};
    for (int row = begin; row < end; ++row) bring_row(channels, window, (int64)row * width);
}

// LANES channels of the block, from `c` on, or fewer.
ROIKIT_FN void send_channels_first(const Piece& piece, const Work& work, int64 c, const feature_t* map, const feature_t* grad,
                                   const Span* rows, const Span* columns, acc_t* line, const Workspace& workspace,
                                   const BackwardParams& params) {
    const int width = params.widths[work.tile.level], end = piece.first_x + piece.count_x;
    const int64 pixels = (int64)params.heights[work.tile.level] * width, bins = (int64)params.bins_y * params.bins_x;
    const int count = work.channels - c < LANES ? (int)(work.channels - c) : LANES;
    const Channels on_map = {map + c * pixels, pixels, count};
    const Channels arriving = {grad + piece.roi * params.channels * bins + (work.channel + c) * bins, bins, count};
    acc_t* const line_of_bins = line + LINE_PIXELS * LANES;
    if (work.channels - c >= 2 * LANES) {
        bring_rows(piece, Channels{on_map.map + LANES * pixels, pixels, LANES}, rows, columns, width);
    }
    for (int p = piece.first_y; p < piece.first_y + piece.count_y; ++p) {
        const Span y = rows[p];
        for (int q = piece.first_x; q < end;) {
            if (y.end <= y.begin || columns[q].end <= columns[q].begin) {
                ++q;
            } else if (is_large(y, columns[q])) {
                for (int i = 0; i < count; ++i) send_bin(work, c + i, piece, p, q, grad, workspace, params);
                ++q;
            } else {
                const SomeBins some = bins_of_line(q, end, y, columns);
                const Window window = whole_registers(some.columns.begin, some.columns.end, width);
                const MapSteps steps = {(int64)window.columns * LANES, LANES, 1};
                for (int row = y.begin; row < y.end; ++row) {
                    const Channels here = {on_map.map + (int64)row * width, pixels, count};
                    fill_line(Pixels(), here, window, line + (row - y.begin) * steps.row);
                }
                const int first = p * params.bins_x;
                const Window sent = whole_registers(first + q, first + some.end, bins);
                fill_line(Pixels(), arriving, sent, line_of_bins);
                const acc_t* const origin = line - y.begin * steps.row - window.first * steps.pixel;
                for (; q < some.end; ++q) {
                    const acc_t* const from = line_of_bins + (int64)(first + q - sent.first) * LANES;
                    find_and_send<LANES>(work, arriving_at(y, columns[q], work.tile, from), c, origin, steps, params);
                }
            }
        }
    }
}

// ---- a chunk of RoIs ------------------------------------------------------------------------------------------------------

ROIKIT_FN void find_and_send_chunk(const Chunk& chunk, const Work& work, const feature_t* grad, const Workspace& workspace,
                                   const BackwardParams& params) {
    const Tile& tile = work.tile;
    const int64 pixels = (int64)params.heights[tile.level] * params.widths[tile.level];
    const int64 apart = LAYOUT == Layout::NHWC ? 1 : pixels;
    const feature_t* const map =
        (const feature_t*)params.maps[tile.level] + tile.image * params.channels * pixels + work.channel * apart;
    acc_t* const line = work.sums + (int64)params.tile_y * params.tile_x * params.channels_per_block;
    for (int n = 0; n < chunk.count; ++n) {
        const Piece& piece = chunk.pieces[n];
        const Span* const rows = workspace.spans + piece.roi * (params.bins_y + params.bins_x);
        const Span* const columns = rows + params.bins_y;
        if constexpr (LAYOUT == Layout::NHWC) {
            send_channels_last(piece, work, map, grad, rows, columns, workspace, params);
        } else {
            for (int64 c = 0; c < work.channels; c += LANES) {
                send_channels_first(piece, work, c, map, grad, rows, columns, line, workspace, params);
            }
        }
    }
}

#else
template <int N> ROIKIT_FN void find_large_winners(const acc_t*, const int64*, unsigned char*, const BackwardParams&) {}
ROIKIT_FN void find_and_send_chunk(const Chunk&, const Work&, const feature_t*, const Workspace&, const BackwardParams&) {}
#endif
