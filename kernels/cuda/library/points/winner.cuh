// Which sample of a bin is the greatest, for N channels: of those that are equal the first. A winner is the numbers of its sample, and none
// if that is outside, where it is 0. `samples_near` leaves none out.
#pragma once

#include "library/winner.cuh"
#include "library/points/samples.cuh"

template <int N> ROIKIT_FN Best<N> find_winner(const Points& points, int p, int q, const feature_t* map, const PointSteps& steps,
                                               int height, int width) {
    Best<N> best = best_from<N>(-infinity());
    const Samples samples = samples_near(points, p, q, area_of_map(height, width));
    ROIKIT_ROLLED for (int i = samples.y_begin; i < samples.y_end; ++i) {
        ROIKIT_ROLLED for (int j = samples.x_begin; j < samples.x_end; ++j) {
            const Point at = point_at(points, p, q, i, j);
            acc_t values[N];
            write_vector<N>(value_of_sample<N>(map, steps, at, height, width), values);
            consider<N>(best, values, (acc_t)1, is_inside(at, height, width) ? i : -1, j);
        }
    }
    return best;
}
