// What all gradients for boxes share. A block takes a RoI. Its bins and channels are shared out to a fixed number of lanes, whose sums are
// added up in order: results do not depend on how many threads the block has.
//
// An operator that includes this has said which channels a bin reads (every_channel.cuh, or selected.cuh). It gives two types:
//   a bin     `Bin(roi, params, p, q)`, whether it `counts` at all, and `add<N>(sums, rest, at)`, which adds what N channels at a `Place`
//             send to `sums`, or to `rest` if each channel is to be added on its own
//   a gradient, with that type as `Bin`; what a RoI's numbers are if they are not added up: `is_nan(roi)`, `is_zero(roi)`; and
//             `finished(sum, n, roi, params)`, number n of the result. If it `TURNS`, a CPU may bring the pixels of a RoI together
//             (turned.cuh): `reach_along(axis, bins)` says which they are, `reads(roi, bins)` how often one is read; and its bins are made
//             of two `Bin::Along(axis, bins, p, params)`, what a row and a column of bins have in common, `Bin(roi, params, along_y, along_x)`
//
// The specialisation defines
//   ROIKIT_NUMBERS        numbers of a box that a gradient is for: those of a row after its batch index
//   ROIKIT_VECTOR         channels that are taken together
//   ROIKIT_BIN_LANES      lanes that share the bins of a RoI
//   ROIKIT_CHANNEL_LANES  for each of them, lanes that share the channels
#pragma once

constexpr int NUMBERS = ROIKIT_NUMBERS;
constexpr int VECTOR = ROIKIT_VECTOR;
constexpr int BIN_LANES = ROIKIT_BIN_LANES;
constexpr int CHANNEL_LANES = ROIKIT_CHANNEL_LANES;

// Whether the channels of a vector are neighbours in memory. Where they are not, a window of a few channels is small enough to stay in the
// cache: all bins then read these channels before any reads the next.
constexpr bool NEIGHBOURS = LAYOUT == Layout::NHWC && READS_NEIGHBOURS;
constexpr bool TILED = VECTOR > 1 && !NEIGHBOURS;

struct BoxGradientParams {
    int64 maps[ROIKIT_LEVELS];  // addresses
    ROIKIT_ROI_FIELDS
    ROIKIT_GEOMETRY_FIELDS
    int turned_pixels;          // that a CPU has room to bring together, with channels first
};

// Sums by the numbers of a box, not yet divided.
template <int N> struct Sums {
    Vector<N> by[NUMBERS];

    ROIKIT_METHOD Sums() {
        for (int n = 0; n < NUMBERS; ++n) by[n] = filled<N>((acc_t)0);
    }
};

// Where a channel of a bin's gradient and of its map begin, and how far it is from there to the next channel, row and pixel.
struct Place {
    const feature_t *grad, *map;
    int64 grad_step, map_step, row, pixel;

    ROIKIT_METHOD Place after(int64 channels) const {
        return Place{grad + channels * grad_step, map + channels * map_step, grad_step, map_step, row, pixel};
    }
};

ROIKIT_FN void set(acc_t& part, int, acc_t value) { part = value; }
#ifndef __CUDA_ARCH__
ROIKIT_FN void set(Register& part, int lane, acc_t value) { part[lane] = value; }
#endif

// N channels that are `step` apart.
template <int N> ROIKIT_FN Vector<N> read_channels(const feature_t* from, int64 step) {
    if constexpr (N == 1 || NEIGHBOURS) return read_vector<N>(from);
    if (step == 1) return read_vector<N>(from);
    Vector<N> result;
    EACH_PART(i) {
        for (int v = 0; v < Vector<N>::STEP; ++v) set(result.part[i], v, widen(from[(i * Vector<N>::STEP + v) * step]));
    }
    return result;
}

ROIKIT_FN Place place_of(int64 bin, int64 bins, int64 k, const Roi& roi, const feature_t* grad, const BoxGradientParams& params) {
    const int64 width = params.widths[roi.level], pixels = params.heights[roi.level] * width;
    const int64 channels = channels_read(params.channels, bins);
    const bool last = LAYOUT == Layout::NHWC;
    const Selected selected = selected_by(bin, bins, params.channels);
    const int64 apart = last ? 1 : pixels;
    Place place;
    place.grad = grad + (last ? (k * bins + bin) * params.channels : k * params.channels * bins + bin);
    place.map = (const feature_t*)params.maps[roi.level] + roi.image * channels * pixels + selected.first * apart;
    place.grad_step = last ? 1 : bins;
    place.map_step = selected.step * apart;
    place.row = last ? width * channels : width;
    place.pixel = last ? channels : 1;
    return place;
}

// Writes the sums of a lane: of its whole vectors of channels, and of the rest.
ROIKIT_FN void write_sums(const Sums<VECTOR>& sums, const Sums<1>& rest, acc_t* total) {
    for (int n = 0; n < NUMBERS; ++n) {
        acc_t parts[VECTOR];
        write_vector<VECTOR>(sums.by[n], parts);
        total[n] = rest.by[n].part[0];
        for (int v = 0; v < VECTOR; ++v) total[n] += parts[v];
    }
}

// Adds up one lane's share of the channels from `first` to `end`: of bins as `bin_of(p, q)` makes them, each `seen` at some place.
template <class BinOf, class Seen>
ROIKIT_FN void add_channels(int lane, int64 first, int64 end, int64 k, const Roi& roi, const feature_t* grad,
                            const BoxGradientParams& params, const BinOf& bin_of, const Seen& seen, Sums<VECTOR>& sums, Sums<1>& rest) {
    const int64 bins = (int64)params.bins_y * params.bins_x;
    ROIKIT_ROLLED for (int64 b = lane / CHANNEL_LANES; b < bins; b += BIN_LANES) {
        const auto bin = bin_of((int)(b / params.bins_x), (int)(b % params.bins_x));
        if (!bin.counts) continue;
        const Place place = seen(place_of(b, bins, k, roi, grad, params));
        ROIKIT_ROLLED for (int64 c = first + (lane % CHANNEL_LANES) * VECTOR; c < end; c += CHANNEL_LANES * VECTOR) {
            if (c + VECTOR <= end) {
                bin.template add<VECTOR>(sums, rest, place.after(c));
            } else {
                ROIKIT_ROLLED for (int64 i = c; i < end; ++i) bin.template add<1>(rest, rest, place.after(i));
            }
        }
    }
}

// Adds up one lane's share of a RoI to `total`, a sum for each number of a box.
template <class Bin> ROIKIT_FN void add_lane(int lane, int64 k, const Roi& roi, const feature_t* grad, const BoxGradientParams& params,
                                             acc_t* total) {
    const int64 tile = TILED ? CHANNEL_LANES * VECTOR : params.channels;
    Sums<VECTOR> sums;
    Sums<1> rest;
    ROIKIT_ROLLED for (int64 first = 0; first < params.channels; first += tile) {
        const int64 end = first + tile < params.channels ? first + tile : params.channels;
        add_channels(lane, first, end, k, roi, grad, params, [&](int p, int q) { return Bin(roi, params, p, q); },
                     [](const Place& place) { return place; }, sums, rest);
    }
    write_sums(sums, rest, total);
}

#include "library/turned.cuh"

// The lane of a thread, or of one of its turns. With channels first neighbours take neighbouring bins, whose pixels lie close together
// in memory, not channels, of which each is in a sector of its own.
ROIKIT_FN int lane_of(int turn) {
    return LAYOUT == Layout::NHWC ? turn : turn % BIN_LANES * CHANNEL_LANES + turn / BIN_LANES;
}

template <class Gradient>
ROIKIT_FN void add_up_rois(const feature_t* grad, const acc_t* boxes, const int64* number_of_rois, acc_t* gradient, int64* status,
                           unsigned char* shared_memory, const BoxGradientParams& params) {
    acc_t* const totals = (acc_t*)shared_memory;
    const int64 rois = count_rois(number_of_rois, params.rois);
    ROIKIT_ROLLED for (int64 k = blockIdx.x; k < rois; k += gridDim.x) {
        const Roi roi = read_roi(boxes + (1 + NUMBERS) * k, params);
        const bool is_nan = roi.refusal || Gradient::is_nan(roi);
        const int lanes = is_nan || Gradient::is_zero(roi) ? 0 : BIN_LANES * CHANNEL_LANES;
        const bool done = lanes > 0 && add_turned<Gradient>(k, roi, grad, params, totals, (feature_t*)(totals + NUMBERS * lanes));
        ROIKIT_ROLLED for (int turn = thread_of_block(); turn < lanes && !done; turn += threads_of_block()) {
            add_lane<typename Gradient::Bin>(lane_of(turn), k, roi, grad, params, totals + NUMBERS * lane_of(turn));
        }
        __syncthreads();
        ROIKIT_ROLLED for (int n = thread_of_block(); n < NUMBERS; n += threads_of_block()) {
            acc_t sum = (acc_t)0;
            ROIKIT_ROLLED for (int lane = 0; lane < lanes; ++lane) sum += totals[NUMBERS * lane + n];
            gradient[NUMBERS * k + n] = is_nan ? quiet_nan() : Gradient::finished(sum, n, roi, params);
        }
        if (roi.refusal && thread_of_block() == 0) report(status, k, roi.refusal);
        __syncthreads();
    }
}
