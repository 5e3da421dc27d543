// Where a RoI of whole pixels lies along an axis. Coordinates are in feature pixels and in double precision, which holds every number
// here that is a whole one.
#pragma once

#include "library/axis.cuh"

// Corners farther from the origin than this are taken to be here: all bins between lie outside any map, and no sum of two leaves the
// whole numbers that a double holds.
constexpr float REACH = 2251799813685248.0f;  // 2^51

// One axis of a RoI.
struct Axis {
    double start, extent;  // its first pixel, and how many it has; none if that is not positive
    int bins, size;        // size: H or W
};
