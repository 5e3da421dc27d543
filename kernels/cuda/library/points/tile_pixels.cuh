// Which numbers of pixels are pixels of a tile.
#pragma once

// The pixel of a tile that a number stands for; none where the tile ends with the map.
ROIKIT_FN bool is_of_tile(const Tile& tile, int pixel, const BackwardParams& params) {
    return pixel / params.tile_x < tile.y_end - tile.y_begin && pixel % params.tile_x < tile.x_end - tile.x_begin;
}
