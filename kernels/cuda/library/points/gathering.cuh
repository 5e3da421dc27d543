// The gradient for the maps, of RoIs whose samples are points: a block owns a tile of a map (tiles.cuh) for some channels, and takes one
// RoI after the other that touches it, as adding.cuh says. No sum is anybody else's, nothing is atomic, and no bit depends on how many
// threads there are.
#pragma once

#include "library/points/adding.cuh"
#include "library/points/tile_by_tile.cuh"
