// The averages of all RoIs, tile by tile. A way of gathering that includes this has
// `gather_average(chunk, work, grad, at, params)`: what the pixels of a tile are sent by a segment of a chunk of RoIs.
#pragma once

// A block takes a tile of a map for some channels.
ROIKIT_FN void gather_averages(const feature_t* grad, const acc_t* boxes, unsigned char* memory, unsigned char* shared_memory,
                               const BackwardParams& params) {
    const Workspace workspace = divide(memory, params);
    unsigned char* free_memory = shared_memory;
    Chunk chunk = carve_chunk(free_memory, params);
    ROIKIT_ROLLED for (int64 i = blockIdx.x; i < params.tiles; i += gridDim.x) {
        const int64 tile = workspace.order[i];
        if (is_zero_already(workspace.touches[tile])) continue;
        const int64 step = gridDim.y * params.channels_per_block;
        ROIKIT_ROLLED for (int64 channel = blockIdx.y * params.channels_per_block; channel < params.channels; channel += step) {
            Work work = work_at(tile, channel, (acc_t*)free_memory, params);
            begin_chunks(chunk, workspace.touching + tile * words_of(params), workspace.touches[tile]);
            do {
                see_chunk(chunk, work.tile, boxes, workspace, params);
                // Nearly always there is one segment. Without RoIs there is one, empty, and zeros are written.
                const int segments = segments_of(chunk, params);
                ROIKIT_ROLLED for (int segment = 0; segment < segments; ++segment) {
                    const Segment at = segment_at(chunk, segment);
                    work.last = chunk.left == 0 && segment == segments - 1;
                    weigh(chunk, work.tile, at, params);
                    gather_average(chunk, work, grad, at, params);
                    work.fresh = false;
                    __syncthreads();
                }
            } while (chunk.left > 0);
        }
    }
}
