// Writes what a tile of a map holds, of RoIs whose samples are points (tile_weights.cuh).
#pragma once

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
