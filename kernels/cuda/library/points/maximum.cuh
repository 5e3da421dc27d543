// The greatest of the samples of each bin (pooling.cuh), of which one that is outside is 0. `samples_near` leaves none out, and a bin has
// one sample at least.
#pragma once

template <int N> ROIKIT_FN Vector<N> pool_bin(const Roi& roi, int p, int q, const feature_t* map, const PointSteps& steps,
                                              const PoolingParams& params) {
    Vector<N> best = filled<N>(-infinity());
    const int height = params.heights[0], width = params.widths[0];
    const Samples samples = samples_near(roi.points, p, q, area_of_map(height, width));
    ROIKIT_ROLLED for (int i = samples.y_begin; i < samples.y_end; ++i) {
        ROIKIT_ROLLED for (int j = samples.x_begin; j < samples.x_end; ++j) {
            best = larger<N>(best, value_of_sample<N>(map, steps, point_at(roi.points, p, q, i, j), height, width));
        }
    }
    return best;
}
