// Where the samples of a rotated RoI lie: those of library/points/turned.cuh.
#pragma once

#include "library/points/turned.cuh"

#define ROIKIT_GEOMETRY_FIELDS int sampling_y, sampling_x;

typedef TurnedPoints Points;

template <class Params> ROIKIT_FN Placed place_points(const acc_t* box, const Params& params, Points& points) {
    return place_turned(box, params, points);
}
