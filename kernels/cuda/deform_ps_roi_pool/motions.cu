// Deformable PSRoIPool: by how much what arrives at a bin, in a class of channels, changes as its samples move, which the gradient for
// offsets is made of (offset_gradient.cu). Of each class and bin two sums over samples that are inside and channels, over how many samples
// these are: of what arrives times the slope along y, and along x.
//
// A block takes a bin in a class. Its channels are shared out to a fixed number of lanes, whose sums are added up in order: no bit depends
// on how many threads there are.
//
// The specialisation defines ROIKIT_KNOT as a choice of the enum below, and
//   ROIKIT_VECTOR    the channels that a lane takes together; ROIKIT_CHANNEL_LANES how many lanes there are
//   ROIKIT_THREADS   the most that a block may have on a GPU; ROIKIT_BLOCKS as many of such blocks must fit a multiprocessor
#include "library/numeric.cuh"
#include "deform_ps_roi_pool/placed.cuh"
#include "library/modes.cuh"
#include "library/vectors.cuh"
#include "library/points/roi.cuh"
#include "library/points/channels.cuh"
#include "library/bilinear.cuh"

enum class Knot { next, none };

#define KNOT ROIKIT_CHOICE(Knot, KNOT)

constexpr int VECTOR = ROIKIT_VECTOR;
constexpr int LANES_OF_CHANNELS = ROIKIT_CHANNEL_LANES;
constexpr int SUMS = 2;

struct MotionsParams {
    int64 maps[ROIKIT_LEVELS];  // addresses
    ROIKIT_ROI_FIELDS
    ROIKIT_GEOMETRY_FIELDS
};

template <int N> struct Motions {
    Vector<N> down, right;

    ROIKIT_METHOD Motions() : down(filled<N>((acc_t)0)), right(filled<N>((acc_t)0)) {}
};

// Where channels of a bin's gradient and of its map begin, and how far it is from there to the next channel, row and pixel.
struct Channels {
    const feature_t *grad, *map;
    int64 grad_step, map_step, row, pixel;
};

// DQ-9: whether the value of a sample changes along an axis.
ROIKIT_FN bool has_slope(acc_t at, int size) {
    return at >= (acc_t)0 && at < (acc_t)(size - 1) && (KNOT == Knot::next || at != floor_of(at));
}

template <int N> ROIKIT_FN void add_motion(Motions<N>& sums, const Vector<N>& arriving, const Channels& from, const Point& at, int height,
                                           int width) {
    const bool moves_y = has_slope(at.y, height), moves_x = has_slope(at.x, width);
    if (!moves_y && !moves_x) return;
    const Sample y = interpolate(at.y, height), x = interpolate(at.x, width);
    const feature_t *const low = from.map + y.low * from.row, *const high = from.map + y.high * from.row;
    const Vector<N> c00 = load_apart<N>(low + x.low * from.pixel, from.map_step);
    const Vector<N> c01 = load_apart<N>(low + x.high * from.pixel, from.map_step);
    const Vector<N> c10 = load_apart<N>(high + x.low * from.pixel, from.map_step);
    const Vector<N> c11 = load_apart<N>(high + x.high * from.pixel, from.map_step);
    if (moves_y) {
        const Vector<N> slope = multiply_add<N>(x.weight_high, c11 - c01, x.weight_low * (c10 - c00));
        sums.down = sums.down + arriving * slope;
    }
    if (moves_x) {
        const Vector<N> slope = multiply_add<N>(y.weight_high, c11 - c10, y.weight_low * (c01 - c00));
        sums.right = sums.right + arriving * slope;
    }
}

template <int N> ROIKIT_FN void add_bin(Motions<N>& sums, const Points& points, int p, int q, const Channels& from,
                                        const MotionsParams& params) {
    const int height = params.heights[0], width = params.widths[0];
    const Vector<N> arriving = load_apart<N>(from.grad, from.grad_step);
    const Samples samples = samples_near(points, p, q, area_of_map(height, width));
    const Point start = start_of(points, p, q);
    ROIKIT_ROLLED for (int i = samples.y_begin; i < samples.y_end; ++i) {
        ROIKIT_ROLLED for (int j = samples.x_begin; j < samples.x_end; ++j) {
            const Point at = point_from(points, start, i, j);
            if (is_inside(at, height, width)) add_motion<N>(sums, arriving, from, at, height, width);
        }
    }
}

ROIKIT_FN acc_t total_of(const Vector<VECTOR>& sums, const Vector<1>& rest) {
    acc_t parts[VECTOR];
    write_vector<VECTOR>(sums, parts);
    acc_t total = rest.part[0];
    for (int v = 0; v < VECTOR; ++v) total += parts[v];
    return total;
}

// Adds up one lane's share of the channels of a bin, of which there are `count`.
ROIKIT_FN void add_lane(int lane, int64 count, const Points& points, int p, int q, const Channels& from, const MotionsParams& params,
                        acc_t* total) {
    Motions<VECTOR> sums;
    Motions<1> rest;
    const bool neighbours = LAYOUT == Layout::NCHW || from.map_step == 1;
    ROIKIT_ROLLED for (int64 c = lane * VECTOR; c < count; c += LANES_OF_CHANNELS * VECTOR) {
        Channels here = from;
        here.grad += c * from.grad_step;
        here.map += c * from.map_step;
        if (neighbours && c + VECTOR <= count) {
            add_bin<VECTOR>(sums, points, p, q, here, params);
            continue;
        }
        ROIKIT_ROLLED for (int64 i = c; i < count && i < c + VECTOR; ++i) {
            add_bin<1>(rest, points, p, q, here, params);
            here.grad += from.grad_step;
            here.map += from.map_step;
        }
    }
    total[0] = total_of(sums.down, rest.down);
    total[1] = total_of(sums.right, rest.right);
}

// Of the channels of a class from `channel` of the output on.
ROIKIT_FN Channels channels_of(int64 k, int p, int q, int64 channel, const Roi& roi, const feature_t* grad, const MotionsParams& params) {
    const int64 bins = (int64)params.bins_y * params.bins_x, bin = (int64)p * params.bins_x + q, groups = groups_of(params);
    const int64 row = params.widths[0], pixels = row * params.heights[0], read = channel * groups + group_of(p, q, params);
    const feature_t* const map = (const feature_t*)params.maps[0] + roi.image * params.channels * groups * pixels;
    const feature_t* const mine = grad + k * params.channels * bins;
    if (LAYOUT == Layout::NHWC) {
        const int64 pixel = params.channels * groups;
        return Channels{mine + bin * params.channels + channel, map + read, 1, groups, row * pixel, pixel};
    }
    return Channels{mine + channel * bins + bin, map + read * pixels, bins, groups * pixels, row, 1};
}

extern "C" __global__ void __launch_bounds__(ROIKIT_THREADS, ROIKIT_FITTING_BLOCKS)
deform_ps_roi_pool_motions(const feature_t* grad, const acc_t* boxes, acc_t* motions, int64* status, const MotionsParams params) {
    ROIKIT_SHARED_MEMORY(shared_memory);
    acc_t* const totals = (acc_t*)shared_memory;
    const int64 bins = (int64)params.bins_y * params.bins_x, each = params.channels / params.classes;
    ROIKIT_ROLLED for (int64 index = blockIdx.x; index < params.rois * params.classes * bins; index += gridDim.x) {
        const int64 k = index / bins / params.classes, number = index / bins % params.classes, bin = index % bins;
        const int p = (int)(bin / params.bins_x), q = (int)(bin % params.bins_x);
        const Roi roi = read_roi(boxes + ROW_NUMBERS * k, params);
        const Points points = of_class(roi.points, number);
        const int lanes = roi.refusal ? 0 : LANES_OF_CHANNELS;
        const Channels from = channels_of(k, p, q, number * each, roi, grad, params);
        ROIKIT_ROLLED for (int lane = thread_of_block(); lane < lanes; lane += threads_of_block()) {
            add_lane(lane, each, points, p, q, from, params, totals + SUMS * lane);
        }
        __syncthreads();
        ROIKIT_ROLLED for (int n = thread_of_block(); n < SUMS; n += threads_of_block()) {
            acc_t sum = (acc_t)0;
            ROIKIT_ROLLED for (int lane = 0; lane < lanes; ++lane) sum += totals[SUMS * lane + n];
            motions[SUMS * index + n] =
                roi.refusal ? quiet_nan() : sum / samples_inside(points, p, q, params.heights[0], params.widths[0]);
        }
        if (roi.refusal && index % (params.classes * bins) == 0 && thread_of_block() == 0) report(status, k, roi.refusal);
        __syncthreads();
    }
}
