// What a bin is made of along an axis: merged taps for sums, samples for maxima.
#pragma once

// A pixel index along an axis and the sum of the weights that a bin's samples put on it (not yet divided).
struct alignas(2 * sizeof(acc_t)) Tap {
    int index;
    acc_t weight;
};

ROIKIT_FN int first_pixel(const Tap& tap) { return tap.index; }
ROIKIT_FN int last_pixel(const Tap& tap) { return tap.index; }
ROIKIT_FN int first_pixel(const Sample& sample) { return sample.low; }
ROIKIT_FN int last_pixel(const Sample& sample) { return sample.high; }

// The ranks of bin p that its list is made of.
ROIKIT_FN Ranks listed_ranks(const Axis& axis, int p, const Tap*) { return inside_ranks(axis, p); }

ROIKIT_FN Ranks listed_ranks(const Axis& axis, int p, const Sample*) {
    if (OUTSIDE == Outside::zero) return inside_ranks(axis, p);
    // Samples clamped to the same edge are the same sample, and a maximum needs it only once.
    const int before = first_rank(axis, p, (acc_t)0, true), after = first_rank(axis, p, (acc_t)(axis.size - 1), false);
    Ranks ranks = {before > 0 ? before - 1 : 0, after < axis.taken ? after + 1 : axis.taken};
    // On a map of one pixel every sample is clamped to both edges.
    if (ranks.end <= ranks.begin && axis.taken > 0) ranks.end = ranks.begin + 1;
    return ranks;
}
