// RoIAlign as most libraries have it, in our own words, between measuring/common/samples.cuh and entries.cuh: what ours are compared with.

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

__device__ Sample sample_of(const Bin& bin, int iy, int ix, int height, int width) {
    const float y = bin.start_y + (iy + 0.5f) * bin.size_y / (float)bin.grid_y;
    const float x = bin.start_x + (ix + 0.5f) * bin.size_x / (float)bin.grid_x;
    return sample_at(y, x, height, width);
}
