// Rotated RoIAlign as most libraries have it, in our own words, between measuring/common/samples.cuh and entries.cuh: each thread works out
// the cosine and sine of its box, too.

struct Turn {
    float cosine, sine;
};

// As CUDA's cosf and sinf find them of angles that are not huge: polynomials of what is left of the angle less whole quarter turns.
// What they have for huge angles, which nobody has, is left out.
__device__ Turn turn_of(float angle) {
    const float quarters = rintf(angle * 0.636619747f);
    float rest = fmaf(quarters, -1.57079601f, angle);
    rest = fmaf(quarters, -3.13916473e-7f, rest);
    rest = fmaf(quarters, -5.39030253e-15f, rest);
    const float z = rest * rest;
    const float of_sine = fmaf(fmaf(-1.95152959e-4f, z, 8.33216087e-3f), z, -1.66666546e-1f);
    const float of_cosine = fmaf(fmaf(fmaf(2.44331571e-5f, z, -1.38873162e-3f), z, 4.16666457e-2f), z, -0.5f);
    const float sine = fmaf(of_sine * z, rest, rest), cosine = fmaf(of_cosine, z, 1.0f);
    const int turned = (int)quarters;
    Turn turn = turned & 1 ? Turn{-sine, cosine} : Turn{cosine, sine};
    if (turned & 2) turn.cosine = -turn.cosine, turn.sine = -turn.sine;
    return turn;
}

// Where a thread's bin lies along the box, from its middle, and on which map.
struct Bin {
    int channel, image, grid_y, grid_x;
    float start_y, start_x, size_y, size_x, centre_y, centre_x;
    Turn turn;
};

__device__ Bin bin_of(int index, const float* boxes, float scale, int channels, int bins, int ratio, int aligned) {
    const int q = index % bins, p = index / bins % bins, roi = index / bins / bins / channels;
    const float* const box = boxes + roi * 6;
    const float offset = aligned ? 0.5f : 0.0f;
    float width = box[3] * scale, height = box[4] * scale;
    if (!aligned) {
        width = width > 1.0f ? width : 1.0f;
        height = height > 1.0f ? height : 1.0f;
    }
    Bin bin;
    bin.channel = index / bins / bins % channels;
    bin.image = (int)box[0];
    bin.centre_x = box[1] * scale - offset, bin.centre_y = box[2] * scale - offset;
    bin.turn = turn_of(box[5]);
    bin.size_y = height / (float)bins, bin.size_x = width / (float)bins;
    bin.grid_y = ratio > 0 ? ratio : (int)ceilf(bin.size_y);
    bin.grid_x = ratio > 0 ? ratio : (int)ceilf(bin.size_x);
    bin.start_y = p * bin.size_y - height / 2, bin.start_x = q * bin.size_x - width / 2;
    return bin;
}

__device__ Sample sample_of(const Bin& bin, int iy, int ix, int height, int width) {
    const float v = bin.start_y + (iy + 0.5f) * bin.size_y / (float)bin.grid_y;
    const float u = bin.start_x + (ix + 0.5f) * bin.size_x / (float)bin.grid_x;
    const float y = v * bin.turn.cosine - u * bin.turn.sine + bin.centre_y;
    const float x = v * bin.turn.sine + u * bin.turn.cosine + bin.centre_x;
    return sample_at(y, x, height, width);
}
