// Weighted RoIAlign, where each RoI has weights of its own: gradients take some RoIs at a time, each with its image as a map of its own
// (rois.py). What goes between maps of images and of RoIs, each number by itself.
//
// The specialisation defines the macros of numeric.cuh, and
//   ROIKIT_THREADS   the most that a block may have on a GPU
#include "library/numeric.cuh"
#include "library/modes.cuh"

// `numbers` has a map, of all its channels; `weights` have one for each of them, or for each of `pixels`.
struct RoisParams {
    int64 rois, images, numbers, pixels, channels, weight_channels;
    int truncates;  // whether a batch index may have a fraction
};

constexpr bool LAST = LAYOUT == Layout::NHWC;
constexpr int NUMBERS = 5;  // of a row: the image, and a box

#define EACH_OF(total, i) \
    for (int64 i = total * blockIdx.x / gridDim.x + threadIdx.x, end = total * (blockIdx.x + 1) / gridDim.x; i < end; i += blockDim.x)

// Rows that say of each RoI that it lies on the map of its own number; and of which image that is. Of no image that there is: -1.
extern "C" __global__ void weighted_roi_align_own_maps(const acc_t* boxes, acc_t* rows, int64* images, const RoisParams params) {
    EACH_OF(params.rois, k) {
        const acc_t index = boxes[NUMBERS * k];
        const bool in_range = index > (acc_t)-1 && index < (acc_t)2147483648.0f && (int64)index < params.images;
        const bool known = in_range && (params.truncates || index == (acc_t)(int)index);
        images[k] = known ? (int64)index : -1;
        rows[NUMBERS * k] = known ? (acc_t)k : (acc_t)-1;
        for (int n = 1; n < NUMBERS; ++n) rows[NUMBERS * k + n] = boxes[NUMBERS * k + n];
    }
}

// The map of each RoI, as it is computed with.
extern "C" __global__ void weighted_roi_align_take_maps(const feature_t* maps, const int64* images, acc_t* to, const RoisParams params) {
    EACH_OF(params.rois * params.numbers, i) {
        const int64 image = images[i / params.numbers];
        to[i] = image < 0 ? (acc_t)0 : widen(maps[image * params.numbers + i % params.numbers]);
    }
}

// SW-6: what RoIs send to the pixels of their images, each by its own weight. A thread takes a number of the maps of all images, so that
// RoIs follow each other in their order, however many there are of an image.
extern "C" __global__ void weighted_roi_align_add_rois(const acc_t* sent, const acc_t* weights, const int64* images, acc_t* gradient,
                                                       const RoisParams params) {
    EACH_OF(params.numbers, i) {
        const int64 pixel = LAST ? i / params.channels : i % params.pixels;
        ROIKIT_ROLLED for (int64 k = 0; k < params.rois; ++k) {
            if (images[k] < 0) continue;
            const acc_t weight = weights[params.weight_channels != 1 ? k * params.numbers + i : k * params.pixels + pixel];
            acc_t& sum = gradient[images[k] * params.numbers + i];
            sum = multiply_add(weight, sent[k * params.numbers + i], sum);
        }
    }
}

// Numbers as they are stored.
extern "C" __global__ void weighted_roi_align_narrow(const acc_t* from, feature_t* to, const RoisParams params) {
    EACH_OF(params.images * params.numbers, i) narrow(from[i], to[i]);
}
