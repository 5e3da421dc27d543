// Deformable RoI pooling: by how much what arrives at a bin changes as its samples move, which the gradients for offsets and boxes are made
// of (gradients.cu). Of each bin four sums over its samples and all channels: of what arrives times the slope along y, and along x; and of
// both times where in the RoI the sample lies, 0 at its first corner and 1 at its second.
//
// A block takes a bin. Its channels are shared out to a fixed number of lanes, whose sums are added up in order: no bit depends on how many
// threads there are.
//
// The specialisation defines, besides the macros of the files below:
//   ROIKIT_SLOPE     what the value of a sample does beyond the first and last pixel
//   ROIKIT_VECTOR    the channels that a lane takes together; ROIKIT_CHANNEL_LANES how many lanes there are
//   ROIKIT_THREADS   the most that a block may have on a GPU; ROIKIT_BLOCKS as many of such blocks must fit a multiprocessor
#include "library/numeric.cuh"
#include "library/choices.cuh"
#include "deform_roi_pool/moved.cuh"
#include "library/modes.cuh"
#include "library/vectors.cuh"
#include "library/points/roi.cuh"
#include "library/points/channels.cuh"
#include "library/bilinear.cuh"

enum class Slope { derivative, raw };

#define SLOPE ROIKIT_CHOICE(Slope, SLOPE)

constexpr int VECTOR = ROIKIT_VECTOR;
constexpr int LANES_OF_CHANNELS = ROIKIT_CHANNEL_LANES;
constexpr int SUMS = 4;

struct MotionsParams {
    int64 maps[ROIKIT_LEVELS];  // addresses
    ROIKIT_ROI_FIELDS
    ROIKIT_GEOMETRY_FIELDS
};

template <int N> struct Motions {
    Vector<N> by[SUMS];

    ROIKIT_METHOD Motions() {
        for (int n = 0; n < SUMS; ++n) by[n] = filled<N>((acc_t)0);
    }
};

// Where channels of a bin's gradient and of its map begin, and how far it is from there to the next channel, row and pixel.
struct Channels {
    const feature_t *grad, *map;
    int64 grad_step, map_step, row, pixel;
};

// DP-8: what a slope along an axis weighs the lower and the upper pixel of the other axis with.
ROIKIT_FN Sample across(const Sample& sample, acc_t at) {
    if (SLOPE == Slope::derivative) return sample;
    Sample raw = sample;
    raw.weight_high = add(at, -(acc_t)sample.low);
    raw.weight_low = add((acc_t)sample.high, -at);
    return raw;
}

// DP-8: whether the value of a sample changes along an axis.
ROIKIT_FN bool has_slope(acc_t at, int size) { return SLOPE == Slope::raw || (at >= (acc_t)0 && at < (acc_t)(size - 1)); }

// Where samples lie along an axis, 0 at the first corner of the RoI and 1 at the second.
ROIKIT_FN acc_t part_of_side(const Side& side, int p, int i) {
    return ((acc_t)p + ((acc_t)i + (acc_t)0.5f) / side.grid) / (acc_t)side.bins;
}

template <int N> ROIKIT_FN void add_motion(Motions<N>& sums, const Vector<N>& arriving, const Channels& from, const Point& at, acc_t part_y,
                                           acc_t part_x, int height, int width) {
    const Sample y = interpolate(at.y, height), x = interpolate(at.x, width), over_y = across(y, at.y), over_x = across(x, at.x);
    const feature_t *const low = from.map + y.low * from.row, *const high = from.map + y.high * from.row;
    const Vector<N> c00 = load_apart<N>(low + x.low * from.pixel, from.map_step);
    const Vector<N> c01 = load_apart<N>(low + x.high * from.pixel, from.map_step);
    const Vector<N> c10 = load_apart<N>(high + x.low * from.pixel, from.map_step);
    const Vector<N> c11 = load_apart<N>(high + x.high * from.pixel, from.map_step);
    if (has_slope(at.y, height)) {
        const Vector<N> down = arriving * multiply_add<N>(over_x.weight_high, c11 - c01, over_x.weight_low * (c10 - c00));
        sums.by[0] = sums.by[0] + down;
        sums.by[2] = multiply_add<N>(part_y, down, sums.by[2]);
    }
    if (has_slope(at.x, width)) {
        const Vector<N> right = arriving * multiply_add<N>(over_y.weight_high, c11 - c10, over_y.weight_low * (c01 - c00));
        sums.by[1] = sums.by[1] + right;
        sums.by[3] = multiply_add<N>(part_x, right, sums.by[3]);
    }
}

template <int N> ROIKIT_FN void add_bin(Motions<N>& sums, const Roi& roi, int p, int q, const Channels& from, const MotionsParams& params) {
    const int height = params.heights[0], width = params.widths[0];
    const Vector<N> arriving = load_apart<N>(from.grad, from.grad_step);
    const Samples samples = samples_near(roi.points, p, q, area_of_map(height, width));
    ROIKIT_ROLLED for (int i = samples.y_begin; i < samples.y_end; ++i) {
        ROIKIT_ROLLED for (int j = samples.x_begin; j < samples.x_end; ++j) {
            const Point at = point_at(roi.points, p, q, i, j);
            if (!is_inside(at, height, width)) continue;
            add_motion<N>(sums, arriving, from, at, part_of_side(roi.points.y, p, i), part_of_side(roi.points.x, q, j), height, width);
        }
    }
}

// Writes the sums of a lane: of its whole vectors of channels, and of the rest.
ROIKIT_FN void write_lane(const Motions<VECTOR>& sums, const Motions<1>& rest, acc_t* total) {
    for (int n = 0; n < SUMS; ++n) {
        acc_t parts[VECTOR];
        write_vector<VECTOR>(sums.by[n], parts);
        total[n] = rest.by[n].part[0];
        for (int v = 0; v < VECTOR; ++v) total[n] += parts[v];
    }
}

// Adds up one lane's share of the channels of a bin.
ROIKIT_FN void add_lane(int lane, const Roi& roi, int p, int q, const Channels& from, const MotionsParams& params, acc_t* total) {
    Motions<VECTOR> sums;
    Motions<1> rest;
    ROIKIT_ROLLED for (int64 c = lane * VECTOR; c < params.channels; c += LANES_OF_CHANNELS * VECTOR) {
        Channels here = from;
        here.grad += c * from.grad_step;
        here.map += c * from.map_step;
        if (c + VECTOR <= params.channels) {
            add_bin<VECTOR>(sums, roi, p, q, here, params);
            continue;
        }
        ROIKIT_ROLLED for (int64 i = c; i < params.channels; ++i) {
            add_bin<1>(rest, roi, p, q, here, params);
            here.grad += from.grad_step;
            here.map += from.map_step;
        }
    }
    write_lane(sums, rest, total);
}

ROIKIT_FN Channels channels_of(int64 k, int64 bin, const Roi& roi, const feature_t* grad, const MotionsParams& params) {
    const int64 bins = (int64)params.bins_y * params.bins_x, row = params.widths[0], pixels = row * params.heights[0];
    const feature_t* const map = (const feature_t*)params.maps[0] + roi.image * params.channels * pixels;
    const feature_t* const mine = grad + k * params.channels * bins;
    if (LAYOUT == Layout::NHWC) return Channels{mine + bin * params.channels, map, 1, 1, row * params.channels, params.channels};
    return Channels{mine + bin, map, bins, pixels, row, 1};
}

extern "C" __global__ void __launch_bounds__(ROIKIT_THREADS, ROIKIT_FITTING_BLOCKS)
deform_roi_pool_motions(const feature_t* grad, const acc_t* boxes, acc_t* motions, int64* status, const MotionsParams params) {
    ROIKIT_SHARED_MEMORY(shared_memory);
    acc_t* const totals = (acc_t*)shared_memory;
    const int64 bins = (int64)params.bins_y * params.bins_x;
    ROIKIT_ROLLED for (int64 index = blockIdx.x; index < params.rois * bins; index += gridDim.x) {
        const int64 k = index / bins, bin = index % bins;
        const Roi roi = read_roi(boxes + ROW_NUMBERS * k, params);
        const int lanes = roi.refusal ? 0 : LANES_OF_CHANNELS;
        const Channels from = channels_of(k, bin, roi, grad, params);
        ROIKIT_ROLLED for (int lane = thread_of_block(); lane < lanes; lane += threads_of_block()) {
            add_lane(lane, roi, (int)(bin / params.bins_x), (int)(bin % params.bins_x), from, params, totals + SUMS * lane);
        }
        __syncthreads();
        ROIKIT_ROLLED for (int n = thread_of_block(); n < SUMS; n += threads_of_block()) {
            acc_t sum = (acc_t)0;
            ROIKIT_ROLLED for (int lane = 0; lane < lanes; ++lane) sum += totals[SUMS * lane + n];
            motions[SUMS * index + n] = roi.refusal ? quiet_nan() : sum / samples_of(roi.points);
        }
        if (roi.refusal && bin == 0 && thread_of_block() == 0) report(status, k, roi.refusal);
        __syncthreads();
    }
}
