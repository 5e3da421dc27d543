// The average of the samples of each bin (pooling.cuh).
#pragma once

template <int N> ROIKIT_FN Vector<N> pool_bin(const Roi& roi, int p, int q, const feature_t* map, const PointSteps& steps,
                                              const PoolingParams& params) {
    Vector<N> sum = filled<N>((acc_t)0);
    const int height = params.heights[0], width = params.widths[0];
    const Samples samples = samples_near(roi.points, p, q, area_of_map(height, width));
    ROIKIT_ROLLED for (int i = samples.y_begin; i < samples.y_end; ++i) {
        ROIKIT_ROLLED for (int j = samples.x_begin; j < samples.x_end; ++j) {
            const Point at = point_at(roi.points, p, q, i, j);
            if (!is_inside(at, height, width)) continue;
            sum = add_sample<N>(map, steps, interpolate(at.y, height), interpolate(at.x, width), sum);
        }
    }
    return sum / samples_of(roi.points);
}
