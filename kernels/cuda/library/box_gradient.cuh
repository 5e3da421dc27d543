// The gradient for the boxes of an operator that samples its maps (RA-16), by the lanes of lanes.cuh.
//
// An operator that includes this has said which channels a bin reads (every_channel.cuh, or selected.cuh).
#pragma once

#include "library/lanes.cuh"

// How a sample moves along an axis, and the value between its pixels with it, if the first or the second corner of the RoI moves by
// one feature pixel; times the number of bins.
struct Motion {
    acc_t first, second;
};

ROIKIT_FN Motion motion_of(const Axis& axis, int bins, int p, int rank) {
    const acc_t at = position(axis, p, rank);
    if (!(at >= (acc_t)0 && at < (acc_t)(axis.size - 1))) return Motion{(acc_t)0, (acc_t)0};  // in the clamped bands
    if (axis.held) return Motion{(acc_t)bins, (acc_t)0};
    const int i = axis.bin < (acc_t)0 ? axis.taken - 1 - rank : rank;
    const acc_t share = (acc_t)p + ((acc_t)i + (acc_t)0.5f) / axis.grid;
    return Motion{(acc_t)bins - share, share};
}

// Four pixels, with the rows or columns of the map that `Sample` names.
template <int N> struct Corners {
    Vector<N> c00, c01, c10, c11;

    ROIKIT_METHOD Corners(const feature_t* map, const Sample& y, const Sample& x, int64 row_step, int64 pixel_step)
        : c00(read_vector<N>(map + y.low * row_step + x.low * pixel_step)),
          c01(read_vector<N>(map + y.low * row_step + x.high * pixel_step)),
          c10(read_vector<N>(map + y.high * row_step + x.low * pixel_step)),
          c11(read_vector<N>(map + y.high * row_step + x.high * pixel_step)) {}
};

template <int N> ROIKIT_FN void add_motion(Sums<N>& sums, const Vector<N>& grad, const Corners<N>& pixel, const Sample& sy,
                                           const Sample& sx, const Motion& y, const Motion& x) {
    const Vector<N> left = sx.weight_low * (pixel.c10 - pixel.c00), top = sy.weight_low * (pixel.c01 - pixel.c00);
    const Vector<N> down = grad * multiply_add<N>(sx.weight_high, pixel.c11 - pixel.c01, left);
    const Vector<N> right = grad * multiply_add<N>(sy.weight_high, pixel.c11 - pixel.c10, top);
    sums.by[0] = multiply_add<N>(x.first, right, sums.by[0]);
    sums.by[1] = multiply_add<N>(y.first, down, sums.by[1]);
    sums.by[2] = multiply_add<N>(x.second, right, sums.by[2]);
    sums.by[3] = multiply_add<N>(y.second, down, sums.by[3]);
}

// A bin, its samples that are inside, and where channel 0 of its gradient and of its map lies.
struct Bin {
    int p, q;
    Ranks y, x;
    const feature_t *grad, *map;
    int64 row_step, pixel_step;
};

template <int N> ROIKIT_FN void add_average(Sums<N>& sums, const Roi& roi, const Bin& bin, int64 grad, int64 map,
                                            const BoxGradientParams& params) {
    const Vector<N> arriving = read_vector<N>(bin.grad + grad);
    ROIKIT_ROLLED for (int i = bin.y.begin; i < bin.y.end; ++i) {
        const Sample y = sample_at(roi.y, bin.p, i);
        const Motion motion_y = motion_of(roi.y, params.bins_y, bin.p, i);
        ROIKIT_ROLLED for (int j = bin.x.begin; j < bin.x.end; ++j) {
            const Sample x = sample_at(roi.x, bin.q, j);
            const Corners<N> pixel(bin.map + map, y, x, bin.row_step, bin.pixel_step);
            add_motion<N>(sums, arriving, pixel, y, x, motion_y, motion_of(roi.x, params.bins_x, bin.q, j));
        }
    }
}

// A corner that has the maximum moves by its own weights alone.
ROIKIT_FN void add_corner(Sums<1>& sums, acc_t grad, const Winner& winner, const Corners<1>& pixel, const Sample& sy,
                          const Sample& sx, const Motion& y, const Motion& x) {
    const bool high_y = winner.y & 1, high_x = winner.x & 1;
    const Vector<1> value = high_y ? high_x ? pixel.c11 : pixel.c10 : high_x ? pixel.c01 : pixel.c00;
    const acc_t down = (high_y ? grad : -grad) * (high_x ? sx.weight_high : sx.weight_low);
    const acc_t right = (high_x ? grad : -grad) * (high_y ? sy.weight_high : sy.weight_low);
    sums.by[0] = multiply_add<1>(x.first * right, value, sums.by[0]);
    sums.by[1] = multiply_add<1>(y.first * down, value, sums.by[1]);
    sums.by[2] = multiply_add<1>(x.second * right, value, sums.by[2]);
    sums.by[3] = multiply_add<1>(y.second * down, value, sums.by[3]);
}

template <int N> ROIKIT_FN void add_maximum(Sums<1>& sums, const Roi& roi, const Bin& bin, int64 grad, int64 map,
                                            const BoxGradientParams& params) {
    const MapSteps steps = {bin.row_step, bin.pixel_step, 1};  // N is 1 unless channels are neighbours
    const Best<N> best = find_winner<N>(roi.y, roi.x, bin.p, bin.q, bin.map + map, steps);
    for (int v = 0; v < N; ++v) {
        const Winner winner = {best.y[v], best.x[v]};
        if (winner.y < 0) continue;
        const int i = winner.y >> 1, j = winner.x >> 1;
        const Sample y = sample_at(roi.y, bin.p, i), x = sample_at(roi.x, bin.q, j);
        const Motion motion_y = motion_of(roi.y, params.bins_y, bin.p, i), motion_x = motion_of(roi.x, params.bins_x, bin.q, j);
        const Corners<1> pixel(bin.map + map + v, y, x, bin.row_step, bin.pixel_step);
        const Vector<1> arriving = read_vector<1>(bin.grad + grad + v);
        if (MAX == Max::corner) {
            add_corner(sums, arriving.part[0], winner, pixel, y, x, motion_y, motion_x);
        } else {
            add_motion<1>(sums, arriving, pixel, y, x, motion_y, motion_x);
        }
    }
}

// Adds one lane's share of a RoI to `sums`, four numbers.
ROIKIT_FN void add_lane(int lane, int64 k, const Roi& roi, const feature_t* grad, const BoxGradientParams& params, acc_t* total) {
    const int64 bins = (int64)params.bins_y * params.bins_x;
    const int64 row_step = params.widths[roi.level], pixels = params.heights[roi.level] * row_step;
    const int64 channels = channels_read(params.channels, bins);
    const feature_t* const map = (const feature_t*)params.maps[roi.level] + roi.image * channels * pixels;
    const bool last = LAYOUT == Layout::NHWC;
    Sums<VECTOR> sums;
    Sums<1> rest;
    ROIKIT_ROLLED for (int64 b = lane / CHANNEL_LANES; b < bins; b += BIN_LANES) {
        Bin bin;
        bin.p = (int)(b / params.bins_x), bin.q = (int)(b % params.bins_x);
        if (MODE == Mode::avg) bin.y = inside_ranks(roi.y, bin.p), bin.x = inside_ranks(roi.x, bin.q);
        bin.grad = grad + (last ? (k * bins + b) * params.channels : k * params.channels * bins + b);
        const Selected selected = selected_by(b, bins, params.channels);
        const int64 apart = last ? 1 : pixels, of_grad = last ? 1 : bins, of_map = selected.step * apart;
        bin.map = map + selected.first * apart;
        bin.row_step = last ? row_step * channels : row_step;
        bin.pixel_step = last ? channels : 1;
        ROIKIT_ROLLED for (int64 c = (int64)(lane % CHANNEL_LANES) * VECTOR; c < params.channels; c += CHANNEL_LANES * VECTOR) {
            const bool whole = c + VECTOR <= params.channels;
            const int64 end = whole ? c + VECTOR : params.channels;
            if (MODE == Mode::max && whole) add_maximum<VECTOR>(rest, roi, bin, c * of_grad, c * of_map, params);
            if (MODE == Mode::avg && whole) add_average<VECTOR>(sums, roi, bin, c * of_grad, c * of_map, params);
            ROIKIT_ROLLED for (int64 i = c; i < end && !whole; ++i) {
                if (MODE == Mode::max) add_maximum<1>(rest, roi, bin, i * of_grad, i * of_map, params);
                if (MODE == Mode::avg) add_average<1>(rest, roi, bin, i * of_grad, i * of_map, params);
            }
        }
    }
    write_sums(sums, rest, total);
}

ROIKIT_FN void add_up_rois(const feature_t* grad, const acc_t* boxes, const int64* number_of_rois, acc_t* gradient, int64* status,
                           unsigned char* shared_memory, const BoxGradientParams& params) {
    acc_t* const totals = (acc_t*)shared_memory;
    const int64 rois = count_rois(number_of_rois, params.rois);
    ROIKIT_ROLLED for (int64 k = blockIdx.x; k < rois; k += gridDim.x) {
        const Roi roi = read_roi(boxes + 5 * k, params);
        ROIKIT_ROLLED for (int turn = thread_of_block(); turn < BIN_LANES * CHANNEL_LANES && !roi.refusal; turn += threads_of_block()) {
            add_lane(lane_of(turn), k, roi, grad, params, totals + 4 * lane_of(turn));
        }
        __syncthreads();
        ROIKIT_ROLLED for (int n = thread_of_block(); n < 4; n += threads_of_block()) {
            acc_t sum = (acc_t)0;
            ROIKIT_ROLLED for (int lane = 0; lane < BIN_LANES * CHANNEL_LANES && !roi.refusal; ++lane) sum += totals[4 * lane + n];
            const bool along_x = n % 2 == 0;
            const acc_t samples = MODE == Mode::avg ? roi.y.grid * roi.x.grid : (acc_t)1;
            const acc_t divisor = (samples > (acc_t)1 ? samples : (acc_t)1) * (acc_t)(along_x ? params.bins_x : params.bins_y);
            const acc_t scale = (acc_t)(along_x ? params.scales_x[roi.level] : params.scales_y[roi.level]);
            gradient[4 * k + n] = roi.refusal ? quiet_nan() : sum / divisor * scale;
        }
        if (roi.refusal && thread_of_block() == 0) report(status, k, roi.refusal);
        __syncthreads();
    }
}
