// The kernel that most libraries have, in our own words: a thread for each output value, which works out everything about its RoI, its bin
// and its samples anew, and whose gradient is sent by atomic additions. What ours are compared with. Compiled by CuPy.
//
// FEATURE_T is the type of the maps: float, or unsigned short for the bits of a half, which are widened to float.

typedef FEATURE_T feature_t;

__device__ float widen(float value) { return value; }

__device__ float widen(unsigned short bits) {
    float value;
    asm("cvt.f32.f16 %0, %1;" : "=f"(value) : "h"(bits));
    return value;
}

__device__ void narrow(float value, float& to) { to = value; }

__device__ void narrow(float value, unsigned short& to) { asm("cvt.rn.f16.f32 %0, %1;" : "=h"(to) : "f"(value)); }

// Where a thread's bin lies, and on which map.
struct Bin {
    int channel, image, grid_y, grid_x;
    float start_y, start_x, size_y, size_x;
};

__device__ Bin bin_of(int index, const float* boxes, float scale, int channels, int bins, int ratio, int aligned) {
    const int q = index % bins, p = index / bins % bins, roi = index / bins / bins / channels;
    const float* const box = boxes + roi * 5;
    const float offset = aligned ? 0.5f : 0.0f;
    const float x1 = box[1] * scale - offset, y1 = box[2] * scale - offset;
    float width = box[3] * scale - offset - x1, height = box[4] * scale - offset - y1;
    if (!aligned) {
        width = width > 1.0f ? width : 1.0f;
        height = height > 1.0f ? height : 1.0f;
    }
    Bin bin;
    bin.channel = index / bins / bins % channels;
    bin.image = (int)box[0];
    bin.size_y = height / (float)bins, bin.size_x = width / (float)bins;
    bin.grid_y = ratio > 0 ? ratio : (int)ceilf(bin.size_y);
    bin.grid_x = ratio > 0 ? ratio : (int)ceilf(bin.size_x);
    bin.start_y = y1 + p * bin.size_y, bin.start_x = x1 + q * bin.size_x;
    return bin;
}

// The four pixels round a sample, and their weights; none if it is too far away.
struct Sample {
    int y_low, x_low, y_high, x_high;
    float weight[4];
    bool inside;
};

__device__ Sample sample_at(float y, float x, int height, int width) {
    Sample sample = {};
    sample.inside = y >= -1.0f && y <= height && x >= -1.0f && x <= width;
    if (!sample.inside) return sample;
    y = y > 0 ? y : 0, x = x > 0 ? x : 0;
    sample.y_low = (int)y, sample.x_low = (int)x;
    if (sample.y_low >= height - 1) {
        sample.y_high = sample.y_low = height - 1;
        y = (float)sample.y_low;
    } else {
        sample.y_high = sample.y_low + 1;
    }
    if (sample.x_low >= width - 1) {
        sample.x_high = sample.x_low = width - 1;
        x = (float)sample.x_low;
    } else {
        sample.x_high = sample.x_low + 1;
    }
    const float ly = y - sample.y_low, lx = x - sample.x_low, hy = 1.0f - ly, hx = 1.0f - lx;
    sample.weight[0] = hy * hx, sample.weight[1] = hy * lx, sample.weight[2] = ly * hx, sample.weight[3] = ly * lx;
    return sample;
}

__device__ int count_of(const Bin& bin) { return bin.grid_y * bin.grid_x > 1 ? bin.grid_y * bin.grid_x : 1; }

extern "C" __global__ void common_forward(const feature_t* maps, const float* boxes, feature_t* output, int count, float scale,
                                          int channels, int height, int width, int bins, int ratio, int aligned) {
    for (int index = blockIdx.x * blockDim.x + threadIdx.x; index < count; index += blockDim.x * gridDim.x) {
        const Bin bin = bin_of(index, boxes, scale, channels, bins, ratio, aligned);
        const feature_t* const map = maps + (bin.image * channels + bin.channel) * height * width;
        float sum = 0;
        for (int iy = 0; iy < bin.grid_y; ++iy) {
            const float y = bin.start_y + (iy + 0.5f) * bin.size_y / (float)bin.grid_y;
            for (int ix = 0; ix < bin.grid_x; ++ix) {
                const float x = bin.start_x + (ix + 0.5f) * bin.size_x / (float)bin.grid_x;
                const Sample at = sample_at(y, x, height, width);
                if (!at.inside) continue;
                sum += at.weight[0] * widen(map[at.y_low * width + at.x_low]) + at.weight[1] * widen(map[at.y_low * width + at.x_high]) +
                       at.weight[2] * widen(map[at.y_high * width + at.x_low]) + at.weight[3] * widen(map[at.y_high * width + at.x_high]);
            }
        }
        narrow(sum / count_of(bin), output[index]);
    }
}

// The maps' gradient is zero before.
extern "C" __global__ void common_backward(const feature_t* grad, const float* boxes, float* gradient, int count, float scale,
                                           int channels, int height, int width, int bins, int ratio, int aligned) {
    for (int index = blockIdx.x * blockDim.x + threadIdx.x; index < count; index += blockDim.x * gridDim.x) {
        const Bin bin = bin_of(index, boxes, scale, channels, bins, ratio, aligned);
        float* const map = gradient + (bin.image * channels + bin.channel) * height * width;
        const float arrives = widen(grad[index]) / count_of(bin);
        for (int iy = 0; iy < bin.grid_y; ++iy) {
            const float y = bin.start_y + (iy + 0.5f) * bin.size_y / (float)bin.grid_y;
            for (int ix = 0; ix < bin.grid_x; ++ix) {
                const float x = bin.start_x + (ix + 0.5f) * bin.size_x / (float)bin.grid_x;
                const Sample at = sample_at(y, x, height, width);
                if (!at.inside) continue;
                atomicAdd(map + at.y_low * width + at.x_low, arrives * at.weight[0]);
                atomicAdd(map + at.y_low * width + at.x_high, arrives * at.weight[1]);
                atomicAdd(map + at.y_high * width + at.x_low, arrives * at.weight[2]);
                atomicAdd(map + at.y_high * width + at.x_high, arrives * at.weight[3]);
            }
        }
    }
}
