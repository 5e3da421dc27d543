// Weighted RoIAlign: what gradients are made of besides RoIAlign's, each number by itself. `acc_t` arrays hold what is computed with.
//
// The specialisation defines the macros of numeric.cuh and modes.cuh, and
//   ROIKIT_THREADS   the most that a block may have on a GPU
#include "library/numeric.cuh"
#include "library/modes.cuh"
#include "library/registers.cuh"
#include "weighted_roi_align/each.cuh"

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

#ifndef __CUDA_ARCH__
constexpr int CHUNK = 256;  // numbers that a thread widens and narrows a register at a time, which no compiler does of 16-bit ones

#define EACH_CHUNK(row, i) \
    for (int64 i = (int64)threadIdx.x * CHUNK, count; count = row.length - i < CHUNK ? row.length - i : CHUNK, i < row.length; \
         i += (int64)blockDim.x * CHUNK)

// The weights beside some numbers of a row.
ROIKIT_FN void read_weights(const feature_t* weights, const Beside& beside, int64 i, int count, acc_t* to) {
    if (beside.step == 1) return widen_all(weights + beside.begin + i, count, to);
    const acc_t weight = widen(weights[beside.begin]);
    for (int n = 0; n < count; ++n) to[n] = weight;
}
#endif

// Numbers as they are computed with.
extern "C" __global__ void weighted_roi_align_widen(const feature_t* from, acc_t* to, const PixelsParams params) {
#ifdef __CUDA_ARCH__
    EACH_ROW(row) EACH_NUMBER(row, i) to[row.begin + i] = widen(from[row.begin + i]);
#else
    EACH_ROW(row) EACH_CHUNK(row, i) widen_all(from + row.begin + i, (int)count, to + row.begin + i);
#endif
}

// SW-2: products of weights and pixels.
extern "C" __global__ void weighted_roi_align_weigh(const feature_t* maps, const feature_t* weights, acc_t* to,
                                                    const PixelsParams params) {
    EACH_ROW(row) {
        const Beside beside = weights_of(row, params);
#ifdef __CUDA_ARCH__
        EACH_NUMBER(row, i) to[row.begin + i] = widen(weights[beside.begin + i * beside.step]) * widen(maps[row.begin + i]);
#else
        EACH_CHUNK(row, i) {
            acc_t factors[CHUNK], numbers[CHUNK];
            read_weights(weights, beside, i, (int)count, factors);
            widen_all(maps + row.begin + i, (int)count, numbers);
            for (int n = 0; n < count; ++n) to[row.begin + i + n] = factors[n] * numbers[n];
        }
#endif
    }
}

// SW-6: what RoIs send to a pixel, by its weight.
extern "C" __global__ void weighted_roi_align_for_maps(const acc_t* sent, const feature_t* weights, feature_t* gradient,
                                                       const PixelsParams params) {
    EACH_ROW(row) {
        const Beside beside = weights_of(row, params);
#ifdef __CUDA_ARCH__
        EACH_NUMBER(row, i) narrow(widen(weights[beside.begin + i * beside.step]) * sent[row.begin + i], gradient[row.begin + i]);
#else
        EACH_CHUNK(row, i) {
            acc_t numbers[CHUNK];
            read_weights(weights, beside, i, (int)count, numbers);
            for (int n = 0; n < count; ++n) numbers[n] *= sent[row.begin + i + n];
            narrow_all(numbers, (int)count, gradient + row.begin + i);
        }
#endif
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

#ifndef __CUDA_ARCH__
// What is sent to the weights from `first` on, of pixels that follow each other in an image, each of all its channels: these in order.
ROIKIT_FN void add_to_weights(const feature_t* maps, const acc_t* sent, int64 first, int count, const PixelsParams& params, acc_t* sums) {
    acc_t numbers[CHUNK];
    for (int n = 0; n < count; ++n) sums[n] = (acc_t)0;
    if constexpr (LAST) {
        for (int n = 0; n < count; ++n) {
            for (int64 c = 0, at = (first + n) * params.channels; c < params.channels; c += CHUNK) {
                const int some = params.channels - c < CHUNK ? (int)(params.channels - c) : CHUNK;
                widen_all(maps + at + c, some, numbers);
                for (int i = 0; i < some; ++i) sums[n] = multiply_add(numbers[i], sent[at + c + i], sums[n]);
            }
        }
        return;
    }
    const int64 image = first / params.pixels, plane = image * params.channels * params.pixels + first % params.pixels;
    for (int64 c = 0, at = plane; c < params.channels; ++c, at += params.pixels) {
        widen_all(maps + at, count, numbers);
        for (int n = 0; n < count; ++n) sums[n] = multiply_add(numbers[n], sent[at + n], sums[n]);
    }
}

// The same as below, where all channels have a weight. A block takes chunks of pixels of an image.
ROIKIT_FN void add_up_weights(const feature_t* maps, const acc_t* sent, const acc_t* taken, feature_t* gradient, const PixelsParams& params) {
    const int64 chunks = (params.pixels + CHUNK - 1) / CHUNK, threads = blockDim.x;
    for (int64 i = blockIdx.x * threads + threadIdx.x; i < params.images * chunks; i += gridDim.x * threads) {
        const int64 pixel = i % chunks * CHUNK, first = i / chunks * params.pixels + pixel;
        const int count = params.pixels - pixel < CHUNK ? (int)(params.pixels - pixel) : CHUNK;
        acc_t sums[CHUNK];
        add_to_weights(maps, sent, first, count, params, sums);
        for (int n = 0; n < (taken ? count : 0); ++n) sums[n] = sums[n] - taken[first + n];
        narrow_all(sums, count, gradient + first);
    }
}
#endif

// SW-7: a thread takes a weight, and all channels that have it, in order.
extern "C" __global__ void weighted_roi_align_for_weights(const feature_t* maps, const acc_t* sent, const acc_t* taken,
                                                          feature_t* gradient, const PixelsParams params) {
#ifndef __CUDA_ARCH__
    if (params.weight_channels == 1) return add_up_weights(maps, sent, taken, gradient, params);
#endif
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
