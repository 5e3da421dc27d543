// By how much what a sample reads changes with its position (RA-16).
#pragma once

// By how much a value changes with the position of a sample, for N channels.
template <int N> struct Slopes {
    Vector<N> down, right;

    ROIKIT_METHOD Slopes(const Place& at, const Point& point, int height, int width) {
        const Sample y = interpolate(point.y, height), x = interpolate(point.x, width);
        const feature_t *const low = at.map + y.low * at.row, *const high = at.map + y.high * at.row;
        const Vector<N> c00 = read_channels<N>(low + x.low * at.pixel, at.map_step);
        const Vector<N> c01 = read_channels<N>(low + x.high * at.pixel, at.map_step);
        const Vector<N> c10 = read_channels<N>(high + x.low * at.pixel, at.map_step);
        const Vector<N> c11 = read_channels<N>(high + x.high * at.pixel, at.map_step);
        down = multiply_add<N>(x.weight_high, c11 - c01, x.weight_low * (c10 - c00));
        right = multiply_add<N>(y.weight_high, c11 - c10, y.weight_low * (c01 - c00));
        if (!(point.y >= (acc_t)0 && point.y < (acc_t)(height - 1))) down = filled<N>((acc_t)0);  // in the clamped bands
        if (!(point.x >= (acc_t)0 && point.x < (acc_t)(width - 1))) right = filled<N>((acc_t)0);
    }
};
