// The maximum of the pixels of a bin: RP-7 and RP-9 of conformance/operators/roi_pool/RULES.md.
//
// The specialisation defines ROIKIT_START and ROIKIT_NAN, each as a choice of the enum below.
#pragma once

#include "library/choices.cuh"

enum class Start { lowest, first, minus_infinity };
enum class Nan { skipped, if_first, if_last, propagates };

#define START ROIKIT_CHOICE(Start, START)
constexpr Nan NAN_PIXEL = Nan::ROIKIT_NAN;  // compared with at each pixel, and so never at launch

// What a maximum must exceed: float32's lowest number, whatever the map is of; or nothing, as one that begins with the first pixel.
ROIKIT_FN acc_t least() { return START == Start::lowest ? (acc_t)float_of(0xff7fffffu) : -infinity(); }
