// Weighted RoIAlign: what gradients are made of besides RoIAlign's, each number by itself. `acc_t` arrays hold what is computed with.
//
// The specialisation defines the macros of numeric.cuh and modes.cuh, and
//   ROIKIT_THREADS   the most that a block may have on a GPU
#include "library/numeric.cuh"
#include "library/modes.cuh"

// `pixels` are those of an image, or bins of a RoI, of which there are `images`.
struct PixelsParams {
    int64 images, channels, pixels, weight_channels;
};

// A block takes some of so many rows of numbers: a channel of an image, or with channels last a pixel.
struct Row {
    int64 index, begin, length;  // its number, where it begins, and how many numbers it has
    int64 image, channel, pixel; // the first of them
};

constexpr bool LAST = LAYOUT == Layout::NHWC;

ROIKIT_FN int64 rows_of(const PixelsParams& params) { return params.images * (LAST ? params.pixels : params.channels); }

ROIKIT_FN Row row_at(int64 index, const PixelsParams& params) {
    const int64 each = LAST ? params.pixels : params.channels, image = index / each, rest = index % each;
    const int64 length = LAST ? params.channels : params.pixels;
    return Row{index, index * length, length, image, LAST ? 0 : rest, LAST ? rest : 0};
}

// Where the weight of the first number of a row lies, and how far on that of the next.
struct Beside {
    int64 begin, step;
};

ROIKIT_FN Beside weights_of(const Row& row, const PixelsParams& params) {
    if (params.weight_channels != 1) return Beside{row.begin, 1};
    return Beside{row.image * params.pixels + row.pixel, LAST ? 0 : 1};
}

#define EACH_ROW(row) \
    for (int64 index = blockIdx.x; index < rows_of(params); index += gridDim.x) \
        if (const Row row = row_at(index, params); true)
#define EACH_NUMBER(row, i) for (int64 i = threadIdx.x; i < row.length; i += blockDim.x)
#define EACH_OF(total, i) \
    for (int64 i = total * blockIdx.x / gridDim.x + threadIdx.x, end = total * (blockIdx.x + 1) / gridDim.x; i < end; i += blockDim.x)

// Numbers as they are computed with.
extern "C" __global__ void weighted_roi_align_widen(const feature_t* from, acc_t* to, const PixelsParams params) {
    EACH_ROW(row) EACH_NUMBER(row, i) to[row.begin + i] = widen(from[row.begin + i]);
}

// SW-2: products of weights and pixels.
extern "C" __global__ void weighted_roi_align_weigh(const feature_t* maps, const feature_t* weights, acc_t* to,
                                                    const PixelsParams params) {
    EACH_ROW(row) {
        const Beside beside = weights_of(row, params);
        EACH_NUMBER(row, i) to[row.begin + i] = widen(weights[beside.begin + i * beside.step]) * widen(maps[row.begin + i]);
    }
}

// SW-6: what RoIs send to a pixel, by its weight.
extern "C" __global__ void weighted_roi_align_for_maps(const acc_t* sent, const feature_t* weights, feature_t* gradient,
                                                       const PixelsParams params) {
    EACH_ROW(row) {
        const Beside beside = weights_of(row, params);
        EACH_NUMBER(row, i) narrow(widen(weights[beside.begin + i * beside.step]) * sent[row.begin + i], gradient[row.begin + i]);
    }
}

// The channels of a pixel that a weight is of.
struct Channels {
    int64 first, step, count, taken;  // where the first lies, how far on the next, how many; and where what is taken from them does
};

ROIKIT_FN Channels channels_of(int64 index, const PixelsParams& params) {
    if (params.weight_channels != 1) return Channels{index, 1, 1, index};
    const int64 image = index / params.pixels, pixel = index % params.pixels, plane = image * params.channels * params.pixels;
    return Channels{LAST ? index * params.channels : plane + pixel, LAST ? 1 : params.pixels, params.channels, index};
}

// SW-7: a thread takes a weight, and all channels that have it, in order.
extern "C" __global__ void weighted_roi_align_for_weights(const feature_t* maps, const acc_t* sent, const acc_t* taken,
                                                          feature_t* gradient, const PixelsParams params) {
    const int64 total = params.images * params.weight_channels * params.pixels;
    EACH_OF(total, i) {
        const Channels of = channels_of(i, params);
        acc_t sum = (acc_t)0;
        ROIKIT_ROLLED for (int64 c = 0; c < of.count; ++c) {
            const int64 at = of.first + c * of.step;
            sum = multiply_add(widen(maps[at]), sent[at], sum);
        }
        narrow(taken ? sum - taken[of.taken] : sum, gradient[i]);
    }
}

// The sum over channels, of each bin.
extern "C" __global__ void weighted_roi_align_add_channels(const acc_t* from, acc_t* to, const PixelsParams params) {
    const int64 total = params.images * params.pixels;
    EACH_OF(total, i) {
        const Channels of = channels_of(i, params);
        acc_t sum = (acc_t)0;
        ROIKIT_ROLLED for (int64 c = 0; c < of.count; ++c) sum += from[of.first + c * of.step];
        to[i] = sum;
    }
}

// SW-8: of what weighted pixels send to boxes, what weights do is taken away.
extern "C" __global__ void weighted_roi_align_take_away(const acc_t* taken, acc_t* from, const PixelsParams params) {
    EACH_ROW(row) EACH_NUMBER(row, i) from[row.begin + i] = from[row.begin + i] - taken[row.begin + i];
}
