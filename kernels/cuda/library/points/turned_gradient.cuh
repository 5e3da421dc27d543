// How the samples of a rotated RoI move with its numbers: RR-12, for cx, cy, w, h and the angle, by the lanes of lanes.cuh.
//
// An operator that includes this has said where samples lie (turned.cuh).
#pragma once

// Where a sample lies along an axis, in parts of the size; 0 if RR-5 holds that.
ROIKIT_FN acc_t share_of(const Side& side, int bins, int p, int i) {
    if (side.held) return (acc_t)0;
    return ((acc_t)p + ((acc_t)i + (acc_t)0.5f) / side.grid) / (acc_t)bins - (acc_t)0.5f;
}

// What N channels of a sample send, by their slopes along y and x.
template <int N> ROIKIT_FN void add_moves(Sums<N>& sums, const Vector<N>& down, const Vector<N>& right, const TurnedPoints& points,
                                          const BoxGradientParams& params, int p, int q, int i, int j) {
    const acc_t cos = points.turned.cos, sin = points.turned.sin;
    const acc_t v = way(points.v, p, i), u = way(points.u, q, j);
    const acc_t by_h = share_of(points.v, params.bins_y, p, i), by_w = share_of(points.u, params.bins_x, q, j);
    sums.by[0] = sums.by[0] + right;
    sums.by[1] = sums.by[1] + down;
    sums.by[2] = multiply_add<N>(-by_w * sin, down, multiply_add<N>(by_w * cos, right, sums.by[2]));
    sums.by[3] = multiply_add<N>(by_h * cos, down, multiply_add<N>(by_h * sin, right, sums.by[3]));
    sums.by[4] = multiply_add<N>(-(v * sin + u * cos), down, multiply_add<N>(v * cos - u * sin, right, sums.by[4]));
}

// Number n of a box, of the sum over its samples.
ROIKIT_FN acc_t finished_number(acc_t sum, int n, const TurnedPoints& points, const BoxGradientParams& params) {
    const acc_t mean = sum / samples_of(points);
    if (n < 4) return mean * (acc_t)params.scales_y[0];
    const acc_t turn = UNIT == Unit::degrees ? constant(0.017453292519943295) : (acc_t)1;
    return mean * (TURN == Turn::clockwise ? -turn : turn);
}
