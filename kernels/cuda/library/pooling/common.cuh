// What all ways of pooling have in common. An operator has a struct PoolingParams with the fields below, and a struct Prepared, what a
// block knows of a RoI while it pools it, of which these files read
//   const feature_t* map; int height, width    of its image and level
//   feature_t* output; int row_begin, row_end  the rows of bins that this block pools
//   int gathers                                NCHW: pooled bin by bin (channels_last.cuh)
//   int result_is_nan                          nothing is pooled. A block copies the struct, so that all of it has to be written: flags are
//                                              whole numbers, without room between them
#pragma once

#include "library/memory.cuh"

#define ROIKIT_POOLING_FIELDS                                                                           \
    int rois_per_block;           /* that a block prepares together */                                  \
    int bin_rows;                 /* NCHW: rows of bins whose results a block holds at once */          \
    int line_length;              /* NCHW: columns that a line has room for */                          \
    int samples_per_part;         /* more work than this per channel is split over the blocks along z */ \
    int64 channels_per_block;                                                                           \
    int64 channels_per_tile;      /* NCHW: channels pooled together */                                  \
    int64 memory_per_block;       /* bytes of `workspace` that a block may use */

// Lines hold the columns from `first` on (dense), or only those that are listed in `pixels` (sparse). The entries of the
// lists along x then index the line instead of the map.
struct Window {
    Kept<int> pixels;
    int first, columns;
    int sparse;
#ifndef __CUDA_ARCH__
    int first_row, rows;  // of a patch (patch.cuh); 0 rows: there is none
#endif
};

#ifndef __CUDA_ARCH__
// Has memory bring what a RoI reads of some channels. Of an operator that says no more this is nothing.
template <class Prepared> ROIKIT_FN void bring_tile(const Prepared&, int64, int64) {}
#endif

// The rows of bins that this block pools. The parts of a heavy RoI are those blocks along z that come first, and a light RoI is
// pooled by the last one alone: the heavy begin before the light. `samples` is what the RoI reads of a channel.
template <class Params, class Prepared>
ROIKIT_FN void choose_rows(const Roi& roi, int64 samples, const Params& params, Prepared& prepared) {
    const int64 wanted = roi.refusal || gridDim.z == 1 ? 1 : samples / params.samples_per_part + 1;
    const int parts = wanted < gridDim.z ? (int)wanted : (int)gridDim.z;
    const int part = (int)blockIdx.z - ((int)gridDim.z - parts);
    prepared.row_begin = part < 0 ? 0 : (int)((int64)params.bins_y * part / parts);
    prepared.row_end = part < 0 ? 0 : (int)((int64)params.bins_y * (part + 1) / parts);
}

