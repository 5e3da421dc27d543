// What the kernels that most libraries have are made of, in our own words: numbers of maps, and bilinear samples. An operator's own text,
// which follows, says where a bin lies (struct Bin, with grid_y, grid_x, channel and image; bin_of) and its samples (sample_of); what ends
// them is entries.cuh. Compiled by CuPy.
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

