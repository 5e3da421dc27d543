// What a tile of a map holds while a gradient is gathered, of RoIs whose samples are points: its sums, and what the samples of some bins
// weigh on each of its pixels.
//
// The specialisation defines ROIKIT_VECTOR, the channels that a thread takes together.
#pragma once

#include "library/bilinear.cuh"
#include "library/gathering/tiles.cuh"
#include "library/gathering/work.cuh"
#include "library/points/channels.cuh"

constexpr int VECTOR = ROIKIT_VECTOR;

// What a tile holds: the sums of its channels, pixel by pixel; and of the bins that are held at once, 32 at the most, their weights on
// each pixel, and for each pixel which of them weigh it.
struct PointTile {
    acc_t *sums, *weights;
    unsigned* on;
    int pixels;
#ifndef __CUDA_ARCH__
    acc_t* arrived;  // at these bins, for the channels of the sums (adding.cuh)
#endif
};

ROIKIT_FN PointTile carve_tile(unsigned char* memory, const BackwardParams& params) {
    PointTile tile;
    tile.pixels = params.tile_y * params.tile_x;
    tile.sums = carve<acc_t>(memory, tile.pixels * params.channels_per_block);
    tile.weights = carve<acc_t>(memory, (int64)tile.pixels * params.bins_at_once);
    tile.on = carve<unsigned>(memory, tile.pixels);
#ifndef __CUDA_ARCH__
    tile.arrived = carve<acc_t>(memory, params.bins_at_once * params.channels_per_block);
#endif
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

// Notes for each pixel which of `count` bins weigh it.
ROIKIT_FN void note_bins(const PointTile& held, int count) {
    const int thread = thread_of_block(), threads = threads_of_block();
#ifdef __CUDA_ARCH__
    ROIKIT_ROLLED for (int i = thread; i < held.pixels; i += threads) {
        unsigned bits = 0;
        ROIKIT_ROLLED for (int b = 0; b < count; ++b) bits |= (unsigned)(held.weights[(int64)b * held.pixels + i] != (acc_t)0) << b;
        held.on[i] = bits;
    }
#else
    // Bin by bin, which a compiler takes many pixels at a time through.
    const int begin = held.pixels * thread / threads, end = held.pixels * (thread + 1) / threads;
    for (int i = begin; i < end; ++i) held.on[i] = 0;
    for (int b = 0; b < count; ++b) {
        const acc_t* const weights = held.weights + (int64)b * held.pixels;
        for (int i = begin; i < end; ++i) held.on[i] |= weights[i] != (acc_t)0 ? 1u << b : 0u;
    }
#endif
}
