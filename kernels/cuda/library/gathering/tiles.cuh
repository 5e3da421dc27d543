// Gradients for maps are gathered by tiles: a block owns some pixels of a map and adds up what every RoI that touches them sends, in
// the order of the RoIs. No two blocks write to the same pixel, so that nothing is atomic, nothing need be zero beforehand, and
// results do not depend on who is first.
//
// A plane is a level of an image; tiles are numbered level by level, image by image, row by row.
#pragma once

#include "library/winner.cuh"

struct BackwardParams {
    int64 gradients[ROIKIT_LEVELS];  // addresses: of the gradient for each level, and of the level, which a maximum reads
    int64 maps[ROIKIT_LEVELS];
    ROIKIT_ROI_FIELDS
    ROIKIT_GEOMETRY_FIELDS
    int tile_y, tile_x;              // pixels of a tile
    int64 first_tile[ROIKIT_LEVELS]; // of each level
    int64 tiles;
    int rois_per_chunk;              // that a block prepares together
    int bins_at_once;                // along an axis, that their weights are held
    int64 channels_per_block;
};

// What a RoI reads of a plane: rows y_begin … y_end - 1, and columns alike. None if it was refused.
struct Extent {
    int plane;
    int y_begin, y_end, x_begin, x_end;
};

static_assert(sizeof(Extent) == ROIKIT_EXTENT_BYTES && sizeof(Span) == ROIKIT_SPAN_BYTES &&
                  sizeof(Winner) == ROIKIT_WINNER_BYTES, "sizes that gather_plan.py reckons with");

struct Workspace {
    Extent* extents;     // K
    Span* spans;         // K × (P_h + P_w), what lies between the first and the last pixel of each bin: along y, then along x
    unsigned* touching;  // tiles × words: bit k of a tile says whether RoI k touches it
    int* touches;        // tiles: how many do; on a CPU, UNTOUCHED_AND_ZERO where none does and nothing need be written
    int* order;          // tiles: the heaviest first
    Winner* winners;     // in the place of each output, for a maximum
};

ROIKIT_FN int64 words_of(const BackwardParams& params) { return (params.rois + 31) / 32; }

// `workspace_bytes` in gather_plan.py is the same sum.
ROIKIT_FN Workspace divide(unsigned char* memory, const BackwardParams& params) {
    Workspace workspace;
    workspace.extents = carve<Extent>(memory, params.rois);
    workspace.spans = carve<Span>(memory, params.rois * (params.bins_y + params.bins_x));
    workspace.touching = carve<unsigned>(memory, params.tiles * words_of(params));
    workspace.touches = carve<int>(memory, params.tiles);
    workspace.order = carve<int>(memory, params.tiles);
    workspace.winners = (Winner*)memory;
    return workspace;
}

// A CPU clears a whole map faster than it writes zeros tile by tile (gathering.py).
ROIKIT_FN bool is_zero_already(int touches) {
#ifdef __CUDA_ARCH__
    return false;
#else
    return touches == ROIKIT_UNTOUCHED_AND_ZERO;
#endif
}

struct Tile {
    int level, plane;
    int64 image;
    int y_begin, y_end, x_begin, x_end;
};

ROIKIT_FN Tile tile_at(int64 index, const BackwardParams& params) {
    Tile tile;
    tile.level = 0;
    ROIKIT_ROLLED for (int l = 1; l < LEVELS; ++l) tile.level += index >= params.first_tile[l] ? 1 : 0;
    const int height = params.heights[tile.level], width = params.widths[tile.level];
    const int down = (height + params.tile_y - 1) / params.tile_y, across = (width + params.tile_x - 1) / params.tile_x;
    index -= params.first_tile[tile.level];
    tile.image = index / ((int64)down * across);
    index -= tile.image * down * across;
    tile.plane = (int)(tile.level * params.images + tile.image);
    tile.y_begin = (int)(index / across) * params.tile_y;
    tile.x_begin = (int)(index % across) * params.tile_x;
    tile.y_end = tile.y_begin + params.tile_y < height ? tile.y_begin + params.tile_y : height;
    tile.x_end = tile.x_begin + params.tile_x < width ? tile.x_begin + params.tile_x : width;
    return tile;
}
