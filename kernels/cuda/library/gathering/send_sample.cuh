// RA-15: what arrives at a bin goes to the pixels of the sample, or to the corner, that is its maximum.
#pragma once

ROIKIT_FN void send(const Work& work, int64 c, const Piece& piece, int p, int q, const Winner& winner, acc_t grad,
                    const BackwardParams& params) {
    const Sample y = sample_at(piece.y, p, winner.y >> 1), x = sample_at(piece.x, q, winner.x >> 1);
    if (MAX == Max::corner) {
        const bool high_y = winner.y & 1, high_x = winner.x & 1;
        const acc_t weight = (high_y ? y.weight_high : y.weight_low) * (high_x ? x.weight_high : x.weight_low);
        return add_to_pixel(work, c, high_y ? y.high : y.low, high_x ? x.high : x.low, weight, grad, params);
    }
    add_to_pixel(work, c, y.low, x.low, y.weight_low * x.weight_low, grad, params);
    if (x.high != x.low) add_to_pixel(work, c, y.low, x.high, y.weight_low * x.weight_high, grad, params);
    if (y.high != y.low) add_to_pixel(work, c, y.high, x.low, y.weight_high * x.weight_low, grad, params);
    if (y.high != y.low && x.high != x.low) {
        add_to_pixel(work, c, y.high, x.high, y.weight_high * x.weight_high, grad, params);
    }
}
