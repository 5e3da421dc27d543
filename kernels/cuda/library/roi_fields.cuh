// What every operator's struct of parameters has, and why a RoI may be refused.
#pragma once

constexpr int LEVELS = ROIKIT_LEVELS;

// What every operator's struct of parameters has. `source.py` reads the structs, these lines in their place, and makes the NumPy data
// types of the same layout from them.
#define ROIKIT_ROI_FIELDS                                           \
    int64 rois;                                                     \
    int64 images, channels;                                         \
    double scales_y[ROIKIT_LEVELS], scales_x[ROIKIT_LEVELS];        \
    double level_limits[ROIKIT_LEVELS];                             \
    double canonical_size, size_offset;                             \
    int heights[ROIKIT_LEVELS];                                     \
    int widths[ROIKIT_LEVELS];                                      \
    int bins_y, bins_x;                                             \
    int truncates; /* whether a batch index may have a fraction */

// Why a RoI was not pooled (`arguments.py` has the words): written to `status` as 4 · (index of the first such RoI) + reason.
enum Refusal { BAD_BATCH_INDEX = 1, NOT_FINITE = 2, TOO_FAR = 3 };
