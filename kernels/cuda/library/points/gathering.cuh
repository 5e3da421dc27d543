// The gradient for the maps, of RoIs whose samples are points: a block owns a tile of a map (tiles.cuh) for some channels, and takes one
// RoI after the other that touches it. Of some bins at a time a thread each puts what their samples weigh on the pixels of the tile; then
// a thread adds up what arrives at these bins for N channels of a pixel, in their order. No sum is anybody else's, nothing is atomic, and
// no bit depends on how many threads there are.
//
// An operator that includes this has said what arrives at channels of the map: `Arriving`, as in arriving.cuh.
//
// The specialisation defines ROIKIT_VECTOR, the channels that a thread takes together.
#pragma once

#include "library/bilinear.cuh"
#include "library/gathering/tiles.cuh"
#include "library/gathering/work.cuh"

constexpr int VECTOR = ROIKIT_VECTOR;

// What a tile holds: the sums of its channels, pixel by pixel; and of the bins that are held at once, 32 at the most, their weights on
// each pixel, and for each pixel which of them weigh it.
struct PointTile {
    acc_t *sums, *weights;
    unsigned* on;
    int pixels;
};

ROIKIT_FN PointTile carve_tile(unsigned char* memory, const BackwardParams& params) {
    PointTile tile;
    tile.pixels = params.tile_y * params.tile_x;
    tile.sums = carve<acc_t>(memory, tile.pixels * params.channels_per_block);
    tile.weights = carve<acc_t>(memory, (int64)tile.pixels * params.bins_at_once);
    tile.on = carve<unsigned>(memory, tile.pixels);
    return tile;
}

ROIKIT_FN void put(const Tile& tile, int y, int x, acc_t weight, acc_t* weights, const BackwardParams& params) {
    if (y < tile.y_begin || y >= tile.y_end || x < tile.x_begin || x >= tile.x_end) return;
    weights[(y - tile.y_begin) * params.tile_x + x - tile.x_begin] += weight;
}

// What the samples of a bin weigh on each pixel of a tile.
ROIKIT_FN void weigh_bin_of_points(const Roi& roi, int p, int q, const Tile& tile, acc_t* weights, const BackwardParams& params) {
    ROIKIT_ROLLED for (int i = 0; i < params.tile_y * params.tile_x; ++i) weights[i] = (acc_t)0;
    const int height = params.heights[0], width = params.widths[0];
    // A sample reads pixels that are no farther away than one, at the edges of the map too.
    const Area area = {(acc_t)(tile.y_begin - 1), (acc_t)(tile.y_end + 1), (acc_t)(tile.x_begin - 1), (acc_t)(tile.x_end + 1)};
    const Samples samples = samples_near(roi.points, p, q, area);
    ROIKIT_ROLLED for (int i = samples.y_begin; i < samples.y_end; ++i) {
        ROIKIT_ROLLED for (int j = samples.x_begin; j < samples.x_end; ++j) {
            const Point at = point_at(roi.points, p, q, i, j);
            if (!is_inside(at, height, width)) continue;
            const Sample y = interpolate(at.y, height), x = interpolate(at.x, width);
            put(tile, y.low, x.low, y.weight_low * x.weight_low, weights, params);
            put(tile, y.low, x.high, y.weight_low * x.weight_high, weights, params);
            put(tile, y.high, x.low, y.weight_high * x.weight_low, weights, params);
            put(tile, y.high, x.high, y.weight_high * x.weight_high, weights, params);
        }
    }
}

ROIKIT_FN int lowest_of(unsigned bits) {
#ifdef __CUDA_ARCH__
    return __ffs(bits) - 1;
#else
    return __builtin_ctz(bits);
#endif
}

// What arrives at the bins `on` a pixel, from bin `first` of a RoI on, for channels from `c` of the work's on.
template <int N> ROIKIT_FN void add_to_pixel(const PointTile& held, int pixel, const Arriving& arriving, int64 first, acc_t samples,
                                             int64 c, int64 end, acc_t* sums) {
    ROIKIT_ROLLED for (; c + N <= end; c += N) {
        Vector<N> sum = read_vector<N>(sums + c);
        ROIKIT_ROLLED for (unsigned left = held.on[pixel]; left; left &= left - 1) {
            const int b = lowest_of(left);
            const acc_t weight = held.weights[(int64)b * held.pixels + pixel] / samples;
            sum = multiply_add<N>(weight, arriving.load<N>(first + b, c), sum);
        }
        write_vector<N>(sum, sums + c);
    }
    if constexpr (N > 1) add_to_pixel<(N > 4 ? N / 4 : 1)>(held, pixel, arriving, first, samples, c, end, sums);
}

// The pixel of a tile that a number stands for; none where the tile ends with the map.
ROIKIT_FN bool is_of_tile(const Tile& tile, int pixel, const BackwardParams& params) {
    return pixel / params.tile_x < tile.y_end - tile.y_begin && pixel % params.tile_x < tile.x_end - tile.x_begin;
}

// Adds what a RoI sends to a tile. Called by all threads of a block, which is synchronised when it returns.
ROIKIT_FN void add_roi(int64 k, const Roi& roi, const Work& work, const PointTile& held, const feature_t* grad,
                       const BackwardParams& params) {
    const int64 bins = (int64)params.bins_y * params.bins_x, groups = (work.channels + VECTOR - 1) / VECTOR;
    const bool last = LAYOUT == Layout::NHWC;
    const Arriving arriving(roi, grad + k * params.channels * bins, work.channel, params);
    const acc_t samples = samples_of(roi.points);
    ROIKIT_ROLLED for (int64 first = 0; first < bins; first += params.bins_at_once) {
        const int count = bins - first < params.bins_at_once ? (int)(bins - first) : params.bins_at_once;
        ROIKIT_ROLLED for (int b = thread_of_block(); b < count; b += threads_of_block()) {
            const int p = (int)((first + b) / params.bins_x), q = (int)((first + b) % params.bins_x);
            weigh_bin_of_points(roi, p, q, work.tile, held.weights + (int64)b * held.pixels, params);
        }
        __syncthreads();
        ROIKIT_ROLLED for (int i = thread_of_block(); i < held.pixels; i += threads_of_block()) {
            unsigned bits = 0;
            ROIKIT_ROLLED for (int b = 0; b < count; ++b) bits |= (unsigned)(held.weights[(int64)b * held.pixels + i] != (acc_t)0) << b;
            held.on[i] = bits;
        }
        __syncthreads();
        ROIKIT_ROLLED for (int64 i = thread_of_block(); i < held.pixels * groups; i += threads_of_block()) {
            // Neighbouring threads take neighbouring numbers of what arrives.
            const int pixel = (int)(last ? i / groups : i % held.pixels);
            const int64 c = (last ? i % groups : i / held.pixels) * VECTOR;
            if (!held.on[pixel]) continue;
            add_to_pixel<VECTOR>(held, pixel, arriving, first, samples, c, c + VECTOR < work.channels ? c + VECTOR : work.channels,
                                 held.sums + pixel * params.channels_per_block);
        }
        __syncthreads();
    }
}

// Writes the sums of a tile.
ROIKIT_FN void write_tile(const Work& work, const PointTile& held, const BackwardParams& params) {
    const int64 row = params.widths[0], pixels = row * params.heights[0];
    const bool last = LAYOUT == Layout::NHWC;
    ROIKIT_ROLLED for (int64 i = thread_of_block(); i < held.pixels * work.channels; i += threads_of_block()) {
        const int pixel = (int)(last ? i / work.channels : i % held.pixels);
        const int64 c = last ? i % work.channels : i / held.pixels, channel = work.channel + c;
        if (!is_of_tile(work.tile, pixel, params)) continue;
        const int64 y = work.tile.y_begin + pixel / params.tile_x, x = work.tile.x_begin + pixel % params.tile_x;
        const int64 place = y * row + x;
        narrow(held.sums[pixel * params.channels_per_block + c],
               work.gradient[last ? place * params.channels + channel : channel * pixels + place]);
    }
}

// A block takes a tile of a map for some channels.
ROIKIT_FN void gather_points(const feature_t* grad, const acc_t* boxes, unsigned char* memory, unsigned char* shared_memory,
                             const BackwardParams& params) {
    const Workspace workspace = divide(memory, params);
    const PointTile held = carve_tile(shared_memory, params);
    ROIKIT_ROLLED for (int64 i = blockIdx.x; i < params.tiles; i += gridDim.x) {
        const int64 tile = workspace.order[i], words = words_of(params);
        if (is_zero_already(workspace.touches[tile])) continue;
        const int64 step = (int64)gridDim.y * params.channels_per_block;
        ROIKIT_ROLLED for (int64 channel = blockIdx.y * params.channels_per_block; channel < params.channels; channel += step) {
            const Work work = work_at(tile, channel, held.sums, params);
            ROIKIT_ROLLED for (int64 n = thread_of_block(); n < held.pixels * params.channels_per_block; n += threads_of_block()) {
                held.sums[n] = (acc_t)0;
            }
            __syncthreads();
            ROIKIT_ROLLED for (int64 word = 0; workspace.touches[tile] && word < words; ++word) {
                ROIKIT_ROLLED for (unsigned left = workspace.touching[tile * words + word]; left; left &= left - 1) {
                    const int64 k = 32 * word + lowest_of(left);
                    add_roi(k, read_roi(boxes + ROW_NUMBERS * k, params), work, held, grad, params);
                }
            }
            write_tile(work, held, params);
            __syncthreads();
        }
    }
}
