// The RoIs that touch a tile, some at a time, and what they put on its pixels: for each axis the weight of every bin on every row or
// column of the tile, as the operator's `weigh_bin` writes it. All functions are called by all threads of the block, which is
// synchronised when they return.
#pragma once

// A RoI as a tile sees it: of the bins along an axis those from `first` on, `count` of them, touch it.
struct Piece {
    int64 roi;
    Axis y, x;
    int first_y, count_y, first_x, count_x;
};

static_assert(sizeof(Piece) <= ROIKIT_PIECE_BYTES, "a size that gather_plan.py reckons with");

struct Cursor {
    int64 word;     // the next one of the tile's bits
    unsigned bits;  // what is left of the word before
};

struct Chunk {
    const unsigned* touching;  // the tile's bits
    int left, count;           // RoIs after this chunk, and in it
    int segments_x;            // in how many parts their bins along x are held
    Cursor* cursor;
    Piece* pieces;
    acc_t *weights_y, *weights_x;  // piece × bin of the segment × row or column
    Span *rows, *columns;          // piece × row or column: the bins of the segment that put weight on it
    unsigned *on_row, *on_column;  // row or column: bit n says whether a bin of piece n puts weight on it
};

ROIKIT_FN Chunk carve_chunk(unsigned char*& memory, const BackwardParams& params) {
    const int64 rois = params.rois_per_chunk, bins = MODE == Mode::avg ? params.bins_at_once : 0;
    const int64 pixels = MODE == Mode::avg ? params.tile_y + params.tile_x : 0;
    Chunk chunk;
    chunk.cursor = carve<Cursor>(memory, 1);
    chunk.pieces = carve<Piece>(memory, rois);
    chunk.weights_y = carve<acc_t>(memory, rois * bins * pixels);
    chunk.weights_x = chunk.weights_y + rois * bins * params.tile_y;
    chunk.rows = carve<Span>(memory, rois * pixels);
    chunk.columns = chunk.rows + rois * params.tile_y;
    chunk.on_row = carve<unsigned>(memory, pixels);
    chunk.on_column = chunk.on_row + params.tile_y;
    return chunk;
}

ROIKIT_FN void begin_chunks(Chunk& chunk, const unsigned* touching, int touches) {
    chunk.touching = touching;
    chunk.left = touches;
    if (thread_of_block() == 0) {
        chunk.cursor->word = 0;
        chunk.cursor->bits = 0;
    }
    __syncthreads();
}

// ---- the RoIs of a chunk ------------------------------------------------------------------------------------------------

ROIKIT_FN int lowest_bit(unsigned bits) {
#ifdef __CUDA_ARCH__
    return __ffs(bits) - 1;
#else
    return __builtin_ctz(bits);
#endif
}

ROIKIT_FN void take_rois(Chunk& chunk, int count) {
    Cursor& cursor = *chunk.cursor;
    ROIKIT_ROLLED for (int i = 0; i < count; ++i) {
        while (cursor.bits == 0) cursor.bits = chunk.touching[cursor.word++];
        chunk.pieces[i].roi = 32 * (cursor.word - 1) + lowest_bit(cursor.bits);
        cursor.bits &= cursor.bits - 1;
    }
}

ROIKIT_FN void touching_bins(const Span* spans, int bins, int begin, int end, int& first, int& count) {
    first = count = 0;
    ROIKIT_ROLLED for (int p = 0; p < bins; ++p) {
        const bool touches = spans[p].end > spans[p].begin && spans[p].begin < end && spans[p].end > begin;
        if (touches && count == 0) first = p;
        if (touches) count = p - first + 1;
    }
}

ROIKIT_FN void see_roi(Piece& piece, const Tile& tile, const acc_t* boxes, const Workspace& workspace,
                       const BackwardParams& params) {
    const Roi roi = read_roi(boxes + 5 * piece.roi, params);
    const Span* const spans = workspace.spans + piece.roi * (params.bins_y + params.bins_x);
    piece.y = roi.y;
    piece.x = roi.x;
    touching_bins(spans, params.bins_y, tile.y_begin, tile.y_end, piece.first_y, piece.count_y);
    touching_bins(spans + params.bins_y, params.bins_x, tile.x_begin, tile.x_end, piece.first_x, piece.count_x);
}

// Sees the next RoIs.
ROIKIT_FN void see_chunk(Chunk& chunk, const Tile& tile, const acc_t* boxes, const Workspace& workspace,
                         const BackwardParams& params) {
    chunk.count = chunk.left < params.rois_per_chunk ? chunk.left : params.rois_per_chunk;
    chunk.left -= chunk.count;
    if (thread_of_block() == 0) take_rois(chunk, chunk.count);
    __syncthreads();
    ROIKIT_ROLLED for (int i = thread_of_block(); i < chunk.count; i += threads_of_block()) {
        see_roi(chunk.pieces[i], tile, boxes, workspace, params);
    }
    __syncthreads();
}

// Returns in how many parts the bins of the chunk are held; at least one.
ROIKIT_FN int segments_of(Chunk& chunk, const BackwardParams& params) {
    int bins_y = 1, bins_x = 1;
    ROIKIT_ROLLED for (int i = 0; i < chunk.count; ++i) {
        if (chunk.pieces[i].count_y > bins_y) bins_y = chunk.pieces[i].count_y;
        if (chunk.pieces[i].count_x > bins_x) bins_x = chunk.pieces[i].count_x;
    }
    chunk.segments_x = (bins_x + params.bins_at_once - 1) / params.bins_at_once;
    return (bins_y + params.bins_at_once - 1) / params.bins_at_once * chunk.segments_x;
}

// ---- weights ------------------------------------------------------------------------------------------------------------

// Of the first `bins` bins, those that put weight on a pixel: one run, since samples ascend.
ROIKIT_FN Span weighing_bins(const acc_t* weights, int bins, int stride) {
    Span span = {0, 0};
    ROIKIT_ROLLED for (int b = 0; b < bins; ++b) {
        if (weights[(int64)b * stride] == (acc_t)0) continue;
        if (span.end == 0) span.begin = b;
        span.end = b + 1;
    }
    return span;
}

// How many bins of a segment there are along an axis of which `count` bins touch the tile.
ROIKIT_FN int bins_in_segment(int count, int segment, int bins_at_once) {
    const int left = count - segment * bins_at_once;
    return left < 0 ? 0 : left < bins_at_once ? left : bins_at_once;
}

// Where the bins of a chunk that are held begin, in parts of `bins_at_once`.
struct Segment {
    int y, x;
};

ROIKIT_FN Segment segment_at(const Chunk& chunk, int segment) {
#ifdef __CUDA_ARCH__
    if (chunk.segments_x == 1) return Segment{segment, 0};  // nearly always, and a GPU has no division
#endif
    return Segment{segment / chunk.segments_x, segment % chunk.segments_x};
}

ROIKIT_FN void weigh(const Chunk& chunk, const Tile& tile, Segment at, const BackwardParams& params) {
    const int most = params.bins_at_once;
    ROIKIT_ROLLED for (int i = thread_of_block(); i < 2 * most * chunk.count; i += threads_of_block()) {
        const int n = i / (2 * most), b = i / 2 % most;
        const bool along_y = i % 2 == 0;
        const Piece& piece = chunk.pieces[n];
        const int first = (along_y ? piece.first_y : piece.first_x) + (along_y ? at.y : at.x) * most;
        if (b >= bins_in_segment(along_y ? piece.count_y : piece.count_x, along_y ? at.y : at.x, most)) continue;
        weigh_bin(piece.y, piece.x, along_y, first + b, along_y ? tile.y_begin : tile.x_begin,
#ifdef __CUDA_ARCH__
                  // Rows that a tile at the edge does not have get no weight: a strip may have some (gather_strips.cuh).
                  along_y ? tile.y_begin + params.tile_y : tile.x_end,
#else
                  along_y ? tile.y_end : tile.x_end,
#endif
                  along_y ? chunk.weights_y + ((int64)n * most + b) * params.tile_y
                          : chunk.weights_x + ((int64)n * most + b) * params.tile_x);
    }
    __syncthreads();
    const int pixels = params.tile_y + params.tile_x;
    ROIKIT_ROLLED for (int i = thread_of_block(); i < pixels; i += threads_of_block()) {
        const bool along_y = i < params.tile_y;
        const int pixel = along_y ? i : i - params.tile_y;
        const bool within = pixel < (along_y ? tile.y_end - tile.y_begin : tile.x_end - tile.x_begin);
        unsigned bits = 0;
        ROIKIT_ROLLED for (int n = 0; n < chunk.count && within; ++n) {
            const Piece& piece = chunk.pieces[n];
            const Span bins = along_y ? weighing_bins(chunk.weights_y + (int64)n * most * params.tile_y + pixel,
                                                      bins_in_segment(piece.count_y, at.y, most), params.tile_y)
                                      : weighing_bins(chunk.weights_x + (int64)n * most * params.tile_x + pixel,
                                                      bins_in_segment(piece.count_x, at.x, most), params.tile_x);
            (along_y ? chunk.rows + n * params.tile_y : chunk.columns + n * params.tile_x)[pixel] = bins;
            bits |= (unsigned)(bins.end > 0) << n;
        }
        (along_y ? chunk.on_row : chunk.on_column)[pixel] = bits;
    }
    __syncthreads();
}
