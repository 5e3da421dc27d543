// The sums of a tile, of which a thread has those of its channels.
//
// The specialisation defines ROIKIT_SUMS as NCHW or NHWC: how the sums of a tile lie. A CPU that adds to one at a time has them as the map
// lies in memory; where channels are added to together they are neighbours, as on a GPU, whose threads take neighbouring ones.
#pragma once

constexpr Layout SUMS = Layout::ROIKIT_SUMS;

// Where the sum of a pixel of the tile lies.
ROIKIT_FN int64 place_of_sum(int64 c, int y, int x, const BackwardParams& params) {
    return SUMS == Layout::NHWC ? ((int64)y * params.tile_x + x) * params.channels_per_block + c
                                : (c * params.tile_y + y) * params.tile_x + x;
}

ROIKIT_FN void clear_sums(const Work& work, const BackwardParams& params) {
    const int64 count = (int64)params.tile_y * params.tile_x * params.channels_per_block;
    ROIKIT_ROLLED for (int64 i = thread_of_block(); i < count; i += threads_of_block()) work.sums[i] = (acc_t)0;
    __syncthreads();
}

// Adds `weight` of what arrives to a pixel, which is a row and a column of the map.
ROIKIT_FN void add_to_pixel(const Work& work, int64 c, int y, int x, acc_t weight, acc_t grad, const BackwardParams& params) {
    const Tile& tile = work.tile;
    if (y < tile.y_begin || y >= tile.y_end || x < tile.x_begin || x >= tile.x_end) return;
    acc_t& sum = work.sums[place_of_sum(c, y - tile.y_begin, x - tile.x_begin, params)];
    sum = multiply_add(weight, grad, sum);
}
