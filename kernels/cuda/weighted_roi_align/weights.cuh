// How much each pixel counts, and what becomes of a bin whose weights add up to nothing (SW-1, SW-4, SW-5).
#pragma once

enum class Guard { zero, add, clamp, none };  // `weighing.py` numbers them as they come

// What a struct of parameters has for weights.
#define ROIKIT_WEIGHT_FIELDS                                                                \
    int64 weight_channels;  /* one for all, or as many as the maps have */                  \
    double epsilon;                                                                         \
    int normalise, guard;                                                                   \
    int of_rois;            /* whether there are weights for each RoI, and not for each image */

// What a bin is divided by whose weights add up to `total`, not divided by the number of samples; `epsilon` is times that number.
ROIKIT_FN acc_t guarded(acc_t total, int guard, acc_t epsilon) {
    if (guard == (int)Guard::add) return total + epsilon;
    if (guard == (int)Guard::clamp) return total < epsilon ? epsilon : total;
    return total;
}

// Whether a bin is nothing, and not a quotient.
ROIKIT_FN bool is_nothing(acc_t divisor, int guard) { return guard == (int)Guard::zero && divisor == (acc_t)0; }
