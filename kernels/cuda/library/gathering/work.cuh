// The tile that a block works on, for some channels.
#pragma once

struct Work {
    Tile tile;
    int64 channel, channels;  // the first, and how many
    feature_t* gradient;      // of the tile's plane: the gradient for the maps
    acc_t* sums;              // pixels of the tile × channels, between chunks
    bool fresh, last;         // whether these RoIs are the first to be added up, and the last
};

ROIKIT_FN Work work_at(int64 tile, int64 channel, acc_t* sums, const BackwardParams& params) {
    Work work;
    work.tile = tile_at(tile, params);
    work.channel = channel;
    work.channels = params.channels - work.channel < params.channels_per_block ? params.channels - work.channel
                                                                                : params.channels_per_block;
    const int64 pixels = (int64)params.heights[work.tile.level] * params.widths[work.tile.level];
    work.gradient = (feature_t*)params.gradients[work.tile.level] + work.tile.image * params.channels * pixels;
    work.sums = sums;
    work.fresh = true;
    work.last = false;
    return work;
}
