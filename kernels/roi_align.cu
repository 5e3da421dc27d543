// RoIAlign, forward. One block works on one RoI at a time and on one tile of channels; the geometry of the RoI is built once
// (geometry.cuh) and every thread then pools bins for a vector of channels.
//
// The specialisation defines, besides the macros of numeric.cuh and sampling.cuh:
//   ROIKIT_MODE        avg | max                ROIKIT_LAYOUT      NCHW | NHWC
//   ROIKIT_MAX         sample | sample_inside | corner (RA-9)
//   ROIKIT_MAX_START   first | value | minus_infinity; ROIKIT_MAX_START_VALUE the value
//   ROIKIT_VECTOR      channels that a thread pools together
//   ROIKIT_ALIGNED     1 if every vector of channels is aligned to its size (NHWC)
#include "numeric.cuh"
#include "sampling.cuh"
#include "geometry.cuh"

enum class Mode { avg, max };
enum class Layout { NCHW, NHWC };
enum class Max { sample, sample_inside, corner };
enum class MaxStart { first, value, minus_infinity };

constexpr Mode MODE = Mode::ROIKIT_MODE;
constexpr Layout LAYOUT = Layout::ROIKIT_LAYOUT;
constexpr Max MAX = Max::ROIKIT_MAX;
constexpr MaxStart MAX_START = MaxStart::ROIKIT_MAX_START;
constexpr int VECTOR = ROIKIT_VECTOR;
constexpr bool ALIGNED = ROIKIT_ALIGNED;

// Read by source.py, which makes the NumPy data type of the same layout from it.
struct RoiAlignParams {
    int64 rois;
    int64 images, channels;
    double scale_y, scale_x;
    int height, width;
    int bins_y, bins_x;
    int sampling_y, sampling_x;
    int capacity_y, capacity_x;   // entries in the lists of an axis
    int64 channels_per_block;
    int64 memory_per_block;       // bytes of `workspace` that a block may use
};

// Why a RoI was not pooled: written to `status` as 4 · (index of the first such RoI) + reason.
enum Refusal { BAD_BATCH_INDEX = 1, NOT_FINITE = 2, TOO_FAR = 3 };

template <Mode> struct entry_of {
    typedef Tap type;
};
template <> struct entry_of<Mode::max> {
    typedef Sample type;
};
typedef entry_of<MODE>::type Entry;

struct Roi {
    int image;
    int refusal;
    Axis y, x;
};

// What one thread needs to pool: the lists, and how to step through the map and the output.
struct Pool {
    Lists<Entry> y, x;
    acc_t divisor;
    bool refused, empty_is_nan;
    int taken_y, taken_x;
    const feature_t* map;
    feature_t* output;
    int64 row_stride, pixel_stride, channel_stride;  // of the map
    int64 bin_stride, output_channel_stride;
};

ROIKIT_FN Roi read_roi(const acc_t* box, const RoiAlignParams& params) {
    Roi roi;
    const acc_t batch = box[0];
    // RA-12: truncated. False for NaN; N is less than 2^31, and may not be a float.
    const bool known = batch > (acc_t)-1 && batch < (acc_t)2147483648.0 && (int64)batch < params.images;
    roi.image = known ? (int)batch : 0;
    const Placed y = place_axis(box[2], box[4], (acc_t)params.scale_y, params.bins_y, params.sampling_y,
                                params.height, roi.y);
    const Placed x = place_axis(box[1], box[3], (acc_t)params.scale_x, params.bins_x, params.sampling_x,
                                params.width, roi.x);
    roi.refusal = 0;
    if (y == Placed::too_far || x == Placed::too_far) roi.refusal = TOO_FAR;
    if (y == Placed::not_finite || x == Placed::not_finite) roi.refusal = NOT_FINITE;
    if (!known) roi.refusal = BAD_BATCH_INDEX;
    return roi;
}

ROIKIT_FN void report(int64* status, int64 k, int refusal) {
    if (!status) return;
    const int64 code = 4 * k + refusal;
#ifdef __CUDA_ARCH__
    atomicMin(status, code);
#else
    int64 seen = __atomic_load_n(status, __ATOMIC_RELAXED);
    while (code < seen && !__atomic_compare_exchange_n(status, &seen, code, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
    }
#endif
}

// ---- reading and writing a vector of channels -------------------------------------------------------------------------

template <int N> struct alignas(ALIGNED ? N * sizeof(feature_t) : alignof(feature_t)) Packed {
    feature_t at[N];
};

template <int N> ROIKIT_FN void load(const feature_t* from, int64 channel_stride, acc_t (&to)[N]) {
    if (LAYOUT == Layout::NHWC) {
        const Packed<N> packed = *reinterpret_cast<const Packed<N>*>(from);
        for (int v = 0; v < N; ++v) to[v] = widen(packed.at[v]);
    } else {
        for (int v = 0; v < N; ++v) to[v] = widen(from[v * channel_stride]);
    }
}

template <int N> ROIKIT_FN void store(const acc_t (&from)[N], feature_t* to, int64 channel_stride) {
    if (LAYOUT == Layout::NHWC) {
        Packed<N> packed;
        for (int v = 0; v < N; ++v) narrow(from[v], packed.at[v]);
        *reinterpret_cast<Packed<N>*>(to) = packed;
    } else {
        for (int v = 0; v < N; ++v) narrow(from[v], to[v * channel_stride]);
    }
}

// ---- RA-8: the average ------------------------------------------------------------------------------------------------

template <int N> ROIKIT_FN void pool_bin(const Pool& pool, const Tap* ty, int ny, const Tap* tx, int nx, int64 channel,
                                         acc_t (&result)[N]) {
    acc_t sum[N], line[N], value[N];
    for (int v = 0; v < N; ++v) sum[v] = (acc_t)0;
    const feature_t* const origin = pool.map + channel * pool.channel_stride;
    for (int a = 0; a < ny; ++a) {
        const feature_t* const row = origin + ty[a].index * pool.row_stride;
        const acc_t row_weight = ty[a].weight;
        for (int v = 0; v < N; ++v) line[v] = (acc_t)0;
        for (int b = 0; b < nx; ++b) {
            load<N>(row + tx[b].index * pool.pixel_stride, pool.channel_stride, value);
            const acc_t weight = tx[b].weight;
            for (int v = 0; v < N; ++v) line[v] = multiply_add(weight, value[v], line[v]);
        }
        for (int v = 0; v < N; ++v) sum[v] = multiply_add(row_weight, line[v], sum[v]);
    }
    // One division, at the end: whenever the sum is exact the result is rounded correctly.
    for (int v = 0; v < N; ++v) result[v] = pool.empty_is_nan ? quiet_nan() : sum[v] / pool.divisor;
}

// ---- RA-9: the maximum ------------------------------------------------------------------------------------------------

ROIKIT_FN acc_t larger(acc_t a, acc_t b) { return b > a || b != b ? b : a; }  // a NaN stays

template <int N> ROIKIT_FN void pool_bin(const Pool& pool, const Sample* sy, int ny, const Sample* sx, int nx,
                                         int64 channel, acc_t (&result)[N]) {
    const bool some_outside = OUTSIDE == Outside::zero && pool.taken_y > 0 && pool.taken_x > 0 &&
                              (ny < pool.taken_y || nx < pool.taken_x);
    const bool zero_counts = some_outside && MAX != Max::sample_inside;
    const bool any = zero_counts || MAX_START != MaxStart::first || (ny > 0 && nx > 0);
    acc_t start = MAX_START == MaxStart::value ? (acc_t)(ROIKIT_MAX_START_VALUE) : -infinity();
    if (zero_counts || !any) start = larger(start, (acc_t)0);

    acc_t best[N], c00[N], c01[N], c10[N], c11[N];
    for (int v = 0; v < N; ++v) best[v] = start;
    const feature_t* const origin = pool.map + channel * pool.channel_stride;
    for (int a = 0; a < ny; ++a) {
        const feature_t* const low = origin + sy[a].low * pool.row_stride;
        const feature_t* const high = origin + sy[a].high * pool.row_stride;
        for (int b = 0; b < nx; ++b) {
            const int64 left = sx[b].low * pool.pixel_stride, right = sx[b].high * pool.pixel_stride;
            load<N>(low + left, pool.channel_stride, c00);
            load<N>(low + right, pool.channel_stride, c01);
            load<N>(high + left, pool.channel_stride, c10);
            load<N>(high + right, pool.channel_stride, c11);
            const acc_t w00 = sy[a].weight_low * sx[b].weight_low, w01 = sy[a].weight_low * sx[b].weight_high;
            const acc_t w10 = sy[a].weight_high * sx[b].weight_low, w11 = sy[a].weight_high * sx[b].weight_high;
            for (int v = 0; v < N; ++v) {
                if (MAX == Max::corner) {
                    best[v] = larger(larger(best[v], w00 * c00[v]), w01 * c01[v]);
                    best[v] = larger(larger(best[v], w10 * c10[v]), w11 * c11[v]);
                } else {
                    const acc_t top = multiply_add(w01, c01[v], w00 * c00[v]);
                    best[v] = larger(best[v], multiply_add(w11, c11[v], multiply_add(w10, c10[v], top)));
                }
            }
        }
    }
    for (int v = 0; v < N; ++v) result[v] = best[v];
}

// ---- bins × channels --------------------------------------------------------------------------------------------------

template <int N> ROIKIT_FN void pool_vector(const Pool& pool, int p, int q, int64 channel) {
    acc_t result[N];
    if (pool.refused) {
        for (int v = 0; v < N; ++v) result[v] = quiet_nan();
    } else {
        pool_bin<N>(pool, pool.y.entries + pool.y.begin[p], pool.y.count[p], pool.x.entries + pool.x.begin[q],
                    pool.x.count[q], channel, result);
    }
    feature_t* const to = pool.output + ((int64)p * pool.x.bins + q) * pool.bin_stride +
                          channel * pool.output_channel_stride;
    store<N>(result, to, pool.output_channel_stride);
}

// Pools the channels from `channel` to `end`, a short last vector in pieces. Aligned vectors are never short.
template <int N> ROIKIT_FN void pool_channels(const Pool& pool, int p, int q, int64 channel, int64 end) {
    for (; channel + N <= end; channel += N) pool_vector<N>(pool, p, q, channel);
    if constexpr (N > 1 && !ALIGNED) pool_channels<(N > 4 ? N / 4 : 1)>(pool, p, q, channel, end);
}

// Neighbouring threads take neighbouring vectors of channels (NHWC) or neighbouring bins (NCHW), along which memory runs.
ROIKIT_FN void pool_roi(const Pool& pool, int64 first, int64 end) {
    const int bins = pool.y.bins * pool.x.bins;
    const bool channels_first = LAYOUT == Layout::NCHW;
    const int bin_thread = channels_first ? threadIdx.x : threadIdx.y, bin_threads = channels_first ? blockDim.x : blockDim.y;
    const int thread = channels_first ? threadIdx.y : threadIdx.x, threads = channels_first ? blockDim.y : blockDim.x;
    for (int bin = bin_thread; bin < bins; bin += bin_threads) {
        const int p = bin / pool.x.bins, q = bin % pool.x.bins;
        for (int64 channel = first + (int64)thread * VECTOR; channel < end; channel += (int64)threads * VECTOR) {
            const int64 stop = channel + VECTOR < end ? channel + VECTOR : end;
            pool_channels<VECTOR>(pool, p, q, channel, stop);
        }
    }
}

ROIKIT_FN Lists<Entry> carve_lists(unsigned char*& memory, int bins, int capacity) {
    Lists<Entry> lists;
    lists.entries = (Entry*)memory;
    lists.begin = (int*)(lists.entries + capacity);
    lists.count = lists.begin + bins + 1;
    lists.ranks = (Ranks*)(lists.count + bins);
    lists.bins = bins;
    lists.capacity = capacity;
    memory = (unsigned char*)(lists.ranks + bins);
    memory += (16 - ((unsigned long long)memory & 15)) & 15;
    return lists;
}

extern "C" __global__ void roi_align_forward(const feature_t* input, const acc_t* boxes, feature_t* output,
                                             unsigned char* workspace, int64* status, const RoiAlignParams params) {
    ROIKIT_SHARED_MEMORY(shared_memory);
    const bool channels_first = LAYOUT == Layout::NCHW;
    const int64 pixels = (int64)params.height * params.width, bins = (int64)params.bins_y * params.bins_x;
    const int64 first = blockIdx.y * params.channels_per_block;
    const int64 end = first + params.channels_per_block < params.channels ? first + params.channels_per_block : params.channels;

    Pool pool;
    unsigned char* memory =
        workspace ? workspace + (blockIdx.x + (int64)gridDim.x * blockIdx.y) * params.memory_per_block : shared_memory;
    pool.y = carve_lists(memory, params.bins_y, params.capacity_y);
    pool.x = carve_lists(memory, params.bins_x, params.capacity_x);
    pool.pixel_stride = channels_first ? 1 : params.channels;
    pool.row_stride = params.width * pool.pixel_stride;
    pool.channel_stride = channels_first ? pixels : 1;
    pool.bin_stride = channels_first ? 1 : params.channels;
    pool.output_channel_stride = channels_first ? bins : 1;

    for (int64 k = blockIdx.x; k < params.rois; k += gridDim.x) {
        const Roi roi = read_roi(boxes + 5 * k, params);
        pool.refused = roi.refusal != 0;
        if (!pool.refused) pool.refused = !build_lists(roi.y, roi.x, pool.y, pool.x);
        if (pool.refused && threadIdx.x == 0 && threadIdx.y == 0) report(status, k, roi.refusal ? roi.refusal : TOO_FAR);
        pool.taken_y = roi.y.taken;
        pool.taken_x = roi.x.taken;
        pool.divisor = roi.y.grid * roi.x.grid;
        pool.empty_is_nan = EMPTY_GRID == EmptyGrid::nan && pool.divisor == (acc_t)0;
        if (EMPTY_GRID != EmptyGrid::nan && pool.divisor < (acc_t)1) pool.divisor = (acc_t)1;
        pool.map = input + roi.image * params.channels * pixels;
        pool.output = output + k * params.channels * bins;
        pool_roi(pool, first, end);
        __syncthreads();
    }
}
