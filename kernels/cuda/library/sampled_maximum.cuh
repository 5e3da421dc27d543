// What the maximum of samples is taken of (RA-9).
//
// The specialisation defines ROIKIT_MAX as sample, sample_inside or corner; ROIKIT_MAX_START as first, value or minus_infinity; and
// ROIKIT_MAX_START_VALUE as the value.
#pragma once

#include "library/choices.cuh"

enum class Max { sample, sample_inside, corner };
enum class MaxStart { first, value, minus_infinity };

constexpr Max MAX = Max::ROIKIT_MAX;
#define MAX_START ROIKIT_CHOICE(MaxStart, MAX_START)
#define MAX_START_VALUE ROIKIT_NUMBER(MAX_START_VALUE)
