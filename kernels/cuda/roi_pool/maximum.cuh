// The maximum of the pixels of a bin: RP-7 and RP-9 of conformance/operators/roi_pool/RULES.md.
//
// The specialisation defines ROIKIT_START and ROIKIT_NAN, each as a choice of the enum below.
#pragma once

#include "library/choices.cuh"

enum class Start { lowest, lowest_of_map, minus_infinity };
enum class Nan { skipped, if_first, if_last, if_last_of_map, propagates };

#define START ROIKIT_CHOICE(Start, START)
constexpr Nan NAN_PIXEL = Nan::ROIKIT_NAN;  // compared with at each pixel, and so never at launch
constexpr bool LAST_COUNTS = NAN_PIXEL == Nan::if_last || NAN_PIXEL == Nan::if_last_of_map;

// The lowest number of a data type.
ROIKIT_FN float lowest_of(float16) { return -65504.0f; }
ROIKIT_FN float lowest_of(bfloat16) { return float_of(0xff7f0000u); }
ROIKIT_FN float lowest_of(float) { return float_of(0xff7fffffu); }
ROIKIT_FN double lowest_of(double) { return -0x1.fffffffffffffp1023; }

// What a maximum must exceed.
ROIKIT_FN acc_t least() {
    if (START == Start::lowest) return (acc_t)lowest_of(0.0f);
    return START == Start::lowest_of_map ? (acc_t)lowest_of(feature_t()) : -infinity();
}
