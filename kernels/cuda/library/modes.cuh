// What a bin makes of its samples, and how maps lie in memory.
//
// The specialisation defines:
//   ROIKIT_MODE        avg | max                ROIKIT_LAYOUT      NCHW | NHWC
//   ROIKIT_MAX         sample | sample_inside | corner (RA-9)
//   ROIKIT_MAX_START   first | value | minus_infinity; ROIKIT_MAX_START_VALUE the value
#pragma once

enum class Mode { avg, max };
enum class Layout { NCHW, NHWC };
enum class Max { sample, sample_inside, corner };
enum class MaxStart { first, value, minus_infinity };

constexpr Mode MODE = Mode::ROIKIT_MODE;
constexpr Layout LAYOUT = Layout::ROIKIT_LAYOUT;
constexpr Max MAX = Max::ROIKIT_MAX;
#define MAX_START ROIKIT_CHOICE(MaxStart, 7, ROIKIT_MAX_START)
#define MAX_START_VALUE ROIKIT_NUMBER(8, ROIKIT_MAX_START_VALUE)
