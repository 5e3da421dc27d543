// Weighted RoIAlign, the gradient of means of samples for what is sampled, before it is weighed (SW-14, SW-15). A block takes a tile of a
// map (tiles.cuh) for some channels, and a thread the samples of these that read it, each of which is sent something by its value. The
// three launches of mean_tiles.cu come before.
//
// The specialisation defines, besides the macros of the files below:
//   ROIKIT_THREADS   the most that a block may have on a GPU; ROIKIT_BLOCKS as many of such blocks must fit a multiprocessor
#include "library/numeric.cuh"
#include "library/sampling.cuh"
#include "weighted_roi_align/mean.cuh"
#include "library/modes.cuh"
#include "library/roi.cuh"
#include "library/gathering/sampled.cuh"
#include "library/gathering/gather_maximum.cuh"

// Channels that a thread takes together: on a CPU as many as the widest registers have lanes, whatever the layout, for powers take long.
#ifdef __CUDA_ARCH__
constexpr int TOGETHER = 1;
#else
constexpr int TOGETHER = 16;
#endif

// Adds `weight` of what N channels are sent, from `c` on, to a pixel: a row and a column of the map.
template <int N> ROIKIT_FN void add_to_pixel(const Work& work, int64 c, int y, int x, acc_t weight, const acc_t (&sent)[N],
                                             const BackwardParams& params) {
    const Tile& tile = work.tile;
    if (y < tile.y_begin || y >= tile.y_end || x < tile.x_begin || x >= tile.x_end) return;
    acc_t* const sums = work.sums + place_of_sum(c, y - tile.y_begin, x - tile.x_begin, params);
    const int64 apart = SUMS == Layout::NHWC ? 1 : (int64)params.tile_y * params.tile_x;
    for (int v = 0; v < N; ++v) sums[v * apart] = multiply_add(weight, sent[v], sums[v * apart]);
}

// Sends this to the pixels of a sample, by its weights.
template <int N> ROIKIT_FN void send(const Work& work, int64 c, const Sample& y, const Sample& x, const acc_t (&sent)[N],
                                     const BackwardParams& params) {
    add_to_pixel<N>(work, c, y.low, x.low, y.weight_low * x.weight_low, sent, params);
    if (x.high != x.low) add_to_pixel<N>(work, c, y.low, x.high, y.weight_low * x.weight_high, sent, params);
    if (y.high != y.low) add_to_pixel<N>(work, c, y.high, x.low, y.weight_high * x.weight_low, sent, params);
    if (y.high != y.low && x.high != x.low) {
        add_to_pixel<N>(work, c, y.high, x.high, y.weight_high * x.weight_high, sent, params);
    }
}

// What gather_maximum.cuh wants to know of a winner: here of a sample, of these ranks.
ROIKIT_FN void send(const Work& work, int64 c, const Piece& piece, int p, int q, const Winner& sample, acc_t grad,
                    const BackwardParams& params) {
    const acc_t sent[1] = {grad};
    send<1>(work, c, sample_at(piece.y, p, sample.y), sample_at(piece.x, q, sample.x), sent, params);
}

template <int N> ROIKIT_FN void read_numbers(const feature_t* from, int64 apart, acc_t (&to)[N]) {
    for (int v = 0; v < N; ++v) to[v] = widen(from[v * apart]);
}

// Sends what arrives at bin (p, q) of a RoI to the pixels of the tile that its samples read, in N channels. `numbers` are those of the bin
// and the first of these.
template <int N> ROIKIT_FN void send_samples(const Work& work, int64 c, const Piece& piece, int p, int q, const feature_t* numbers,
                                             const BackwardParams& params) {
    const Tile& tile = work.tile;
    acc_t share[N], scale[N], centre[N];
    read_numbers<N>(numbers, channel_step(params), share);
    read_numbers<N>(numbers + numbers_of_bins(params), channel_step(params), scale);
    read_numbers<N>(numbers + 2 * numbers_of_bins(params), channel_step(params), centre);
    const int64 width = params.widths[tile.level], pixels = params.heights[tile.level] * width;
    const int64 pixel = LAYOUT == Layout::NHWC ? params.channels : 1, apart = LAYOUT == Layout::NHWC ? 1 : pixels;
    const feature_t* const map = (const feature_t*)params.maps[tile.level] + tile.image * params.channels * pixels
                                 + (work.channel + c) * apart;
    const Runs ys = runs_of(piece.y, p), xs = runs_of(piece.x, q);
    ROIKIT_ROLLED for (int i = 0; i < ys.count(); ++i) {
        const Run run_y = run_at(ys, i);
        const Sample y = sample_at(piece.y, p, run_y.rank);
        if (y.high < tile.y_begin || y.low >= tile.y_end) continue;
        const feature_t* const low = map + y.low * width * pixel;
        const feature_t* const high = map + y.high * width * pixel;
        ROIKIT_ROLLED for (int j = 0; j < xs.count(); ++j) {
            const Run run_x = run_at(xs, j);
            const Sample x = sample_at(piece.x, q, run_x.rank);
            if (x.high < tile.x_begin || x.low >= tile.x_end) continue;
            acc_t c00[N], c01[N], c10[N], c11[N], sent[N];
            read_numbers<N>(low + x.low * pixel, apart, c00);
            read_numbers<N>(low + x.high * pixel, apart, c01);
            read_numbers<N>(high + x.low * pixel, apart, c10);
            read_numbers<N>(high + x.high * pixel, apart, c11);
            const acc_t times = (acc_t)run_y.times * (acc_t)run_x.times;
            for (int v = 0; v < N; ++v) {
                const acc_t value = between(y, x, c00[v], c01[v], c10[v], c11[v]);
                sent[v] = sent_to(value, share[v], scale[v], centre[v], (acc_t)params.parameter) * times;
            }
            send<N>(work, c, y, x, sent, params);
        }
    }
}

// Bin by bin and channel by channel. Only the order of bins and samples matters, that of channels does not.
ROIKIT_FN void gather_means(const Chunk& chunk, const Work& work, const feature_t* grad, const BackwardParams& params) {
    ROIKIT_ROLLED for (int n = 0; n < chunk.count; ++n) {
        const Piece& piece = chunk.pieces[n];
        ROIKIT_ROLLED for (int p = piece.first_y; p < piece.first_y + piece.count_y; ++p) {
            ROIKIT_ROLLED for (int q = piece.first_x; q < piece.first_x + piece.count_x; ++q) {
                const feature_t* const bin = grad + place_of_bin(piece.roi, p, q, params) + work.channel * channel_step(params);
                const int64 first = (int64)thread_of_block() * TOGETHER, step = (int64)threads_of_block() * TOGETHER;
                ROIKIT_ROLLED for (int64 c = first; c < work.channels; c += step) {
                    if (c + TOGETHER <= work.channels) {
                        send_samples<TOGETHER>(work, c, piece, p, q, bin + c * channel_step(params), params);
                        continue;
                    }
                    for (int64 i = c; i < work.channels; ++i) {
                        send_samples<1>(work, i, piece, p, q, bin + i * channel_step(params), params);
                    }
                }
            }
        }
    }
    __syncthreads();
}

extern "C" __global__ void __launch_bounds__(ROIKIT_THREADS, ROIKIT_FITTING_BLOCKS)
weighted_roi_align_backward(const feature_t* grad, const acc_t* boxes, unsigned char* memory, const BackwardParams params) {
    ROIKIT_SHARED_MEMORY(shared_memory);
    gather_maxima(boxes, memory, shared_memory, params, [&](const Chunk& chunk, const Work& work, const Workspace&) {
        gather_means(chunk, work, grad, params);
    });
}
