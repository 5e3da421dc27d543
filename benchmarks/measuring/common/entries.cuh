// A thread for each output value, which works out everything about its RoI, its bin and its samples anew, and whose gradient is sent by
// atomic additions.

__device__ int count_of(const Bin& bin) { return bin.grid_y * bin.grid_x > 1 ? bin.grid_y * bin.grid_x : 1; }

extern "C" __global__ void common_forward(const feature_t* maps, const float* boxes, feature_t* output, int count, float scale,
                                          int channels, int height, int width, int bins, int ratio, int aligned) {
    for (int index = blockIdx.x * blockDim.x + threadIdx.x; index < count; index += blockDim.x * gridDim.x) {
        const Bin bin = bin_of(index, boxes, scale, channels, bins, ratio, aligned);
        const feature_t* const map = maps + (bin.image * channels + bin.channel) * height * width;
        float sum = 0;
        for (int iy = 0; iy < bin.grid_y; ++iy) {
            for (int ix = 0; ix < bin.grid_x; ++ix) {
                const Sample at = sample_of(bin, iy, ix, height, width);
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
            for (int ix = 0; ix < bin.grid_x; ++ix) {
                const Sample at = sample_of(bin, iy, ix, height, width);
                if (!at.inside) continue;
                atomicAdd(map + at.y_low * width + at.x_low, arrives * at.weight[0]);
                atomicAdd(map + at.y_low * width + at.x_high, arrives * at.weight[1]);
                atomicAdd(map + at.y_high * width + at.x_low, arrives * at.weight[2]);
                atomicAdd(map + at.y_high * width + at.x_high, arrives * at.weight[3]);
            }
        }
    }
}
