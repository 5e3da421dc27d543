// Writes the pixels of a tile, whose sums are those of tile_sums.cuh.
#pragma once

#ifdef __CUDA_ARCH__
constexpr bool ROW_BY_ROW = false;  // neighbouring threads take neighbouring pixels
#else
constexpr bool ROW_BY_ROW = true;
#endif

// Writes `value_at(c, y, x)` to every pixel of the tile.
template <class Value> ROIKIT_FN void write_tile(const Work& work, const Value& value_at, const BackwardParams& params) {
    const Tile& tile = work.tile;
    const int height = tile.y_end - tile.y_begin, width = tile.x_end - tile.x_begin;
    const int64 columns = params.widths[tile.level], pixels = params.heights[tile.level] * columns;
    const int64 corner = tile.y_begin * columns + tile.x_begin;
    if (LAYOUT == Layout::NHWC) {
        ROIKIT_ROLLED for (int y = 0; y < height; ++y) {
            ROIKIT_ROLLED for (int x = 0; x < width; ++x) {
                feature_t* const pixel = work.gradient + (corner + y * columns + x) * params.channels + work.channel;
                ROIKIT_ROLLED for (int64 c = thread_of_block(); c < work.channels; c += threads_of_block()) {
                    narrow(value_at(c, y, x), pixel[c]);
                }
            }
        }
    } else if (ROW_BY_ROW) {
        // Sums of neighbouring channels lie beside each other, or those of a row do.
        constexpr int64 together = SUMS == Layout::NHWC ? 16 : 1;
        for (int64 first = thread_of_block() * together; first < work.channels; first += threads_of_block() * together) {
            const int64 end = first + together < work.channels ? first + together : work.channels;
            for (int y = 0; y < height; ++y) {
                for (int64 c = first; c < end; ++c) {
                    feature_t* const row = work.gradient + (work.channel + c) * pixels + corner + y * columns;
                    for (int x = 0; x < width; ++x) narrow(value_at(c, y, x), row[x]);
                }
            }
        }
    } else {
        ROIKIT_ROLLED for (int64 i = thread_of_block(); i < (int64)height * width * work.channels; i += threads_of_block()) {
            const int64 c = i / (height * width);
            const int pixel = (int)(i % (height * width)), y = pixel / width, x = pixel % width;
            narrow(value_at(c, y, x), work.gradient[(work.channel + c) * pixels + corner + y * columns + x]);
        }
    }
    __syncthreads();
}
