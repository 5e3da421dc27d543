// What a block does: it prepares some RoIs, and takes them through one tile of channels after the other. An operator that includes
// this has
//   prepare(k, box, output, status, params, memory, slot)   called by all threads of the block, which is synchronised afterwards
//   pool_tile(prepared, params, channel, end, memory)       for a RoI that is not gathered
//   CAN_GATHER                                              whether one may be
#pragma once

#ifndef __CUDA_ARCH__
constexpr int AHEAD = 2;  // RoIs before the one whose pixels are brought from memory
#endif

ROIKIT_FN void pool_rois(const acc_t* boxes, const int64* number_of_rois, feature_t* output, unsigned char* workspace, int64* status,
                         const PoolingParams& params) {
    const int64 first = blockIdx.y * params.channels_per_block;
    const int64 end = first + params.channels_per_block < params.channels ? first + params.channels_per_block : params.channels;

    const int64 group = params.rois_per_block, rois = count_rois(number_of_rois, params.rois);
    ROIKIT_ROLLED for (int64 k = blockIdx.x * group; k < rois; k += gridDim.x * group) {
        const int count = rois - k < group ? (int)(rois - k) : (int)group;
        Memory memory = memory_of_block(workspace, params.memory_per_block);
        const Kept<Prepared> prepared = carve<Prepared>(memory, count);
        ROIKIT_ROLLED for (int i = 0; i < count; ++i) {
            prepare(k + i, boxes + 5 * (k + i), output, status, params, memory, prepared[i]);
        }
        bool in_tiles = !CAN_GATHER;
        ROIKIT_ROLLED for (int i = 0; i < (CAN_GATHER ? count : 0); ++i) {
            if (prepared[i].gathers) {
                gather_channels(prepared[i], params, first, end);
            } else {
                in_tiles = true;
            }
        }
        ROIKIT_ROLLED for (int64 channel = in_tiles ? first : end; channel < end; channel += params.channels_per_tile) {
            const int64 stop = channel + params.channels_per_tile < end ? channel + params.channels_per_tile : end;
#ifdef __CUDA_ARCH__
            ROIKIT_ROLLED for (int i = 0; i < count; ++i) pool_tile(prepared[i], params, channel, stop, memory);
#else
            for (int i = 0; i < count; ++i) {
                if (i + AHEAD < count) bring_tile(prepared[i + AHEAD], channel, stop);
                pool_tile(prepared[i], params, channel, stop, memory);
            }
#endif
        }
        __syncthreads();
    }
}
