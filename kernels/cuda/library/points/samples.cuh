// What samples that are points read of a map: N channels of four pixels (RA-7).
#pragma once

#include "library/bilinear.cuh"
#include "library/points/channels.cuh"

// From a row of the map to the next, from a pixel, and from a channel.
struct PointSteps {
    int64 row, pixel, channel;
};

// On a map of so many channels.
ROIKIT_FN PointSteps steps_on_map(int height, int width, int64 channels) {
    const int64 row = width;
    return LAYOUT == Layout::NHWC ? PointSteps{row * channels, channels, 1} : PointSteps{row, 1, row * height};
}

template <int N> ROIKIT_FN Vector<N> add_sample(const feature_t* map, const PointSteps& steps, const Sample& y, const Sample& x,
                                                Vector<N> sum) {
    const feature_t* const low = map + y.low * steps.row;
    const feature_t* const high = map + y.high * steps.row;
    const int64 left = x.low * steps.pixel, right = x.high * steps.pixel;
    sum = multiply_add<N>(y.weight_low * x.weight_low, load_apart<N>(low + left, steps.channel), sum);
    sum = multiply_add<N>(y.weight_low * x.weight_high, load_apart<N>(low + right, steps.channel), sum);
    sum = multiply_add<N>(y.weight_high * x.weight_low, load_apart<N>(high + left, steps.channel), sum);
    return multiply_add<N>(y.weight_high * x.weight_high, load_apart<N>(high + right, steps.channel), sum);
}

// What a sample reads: 0 if it is outside (RA-6).
template <int N> ROIKIT_FN Vector<N> value_of_sample(const feature_t* map, const PointSteps& steps, const Point& at, int height, int width) {
    const Vector<N> nothing = filled<N>((acc_t)0);
    return is_inside(at, height, width) ? add_sample<N>(map, steps, interpolate(at.y, height), interpolate(at.x, width), nothing) : nothing;
}
