// The geometry of one axis of one RoI as lists in shared memory, one list per bin: merged taps for sums, samples for
// maxima. Built by the threads of a block together, read by all of them.
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

// The lists of one axis. List p is entries[begin[p]] … entries[begin[p] + count[p] - 1].
template <class Entry> struct Lists {
    int* begin;      // bins + 1 values
    int* count;      // bins values
    Ranks* ranks;    // bins values: which samples list p is made of
    Entry* entries;  // capacity values
    int bins, capacity;

    // Whether a pixel lies between the first and the last one that list p reads.
    ROIKIT_METHOD bool spans(int p, int pixel) const {
        const Entry* const list = entries + begin[p];
        return count[p] > 0 && pixel >= first_pixel(list[0]) && pixel <= last_pixel(list[count[p] - 1]);
    }
};

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

// Upper bounds of the length of list p, from its first and last sample only.
ROIKIT_FN int list_bound(const Axis& axis, int p, const Ranks& ranks, const Tap*) {
    const int samples = ranks.end - ranks.begin;
    if (samples <= 0) return 0;
    const int span = sample_at(axis, p, ranks.end - 1).high - sample_at(axis, p, ranks.begin).low + 1;
    return span < 2 * samples ? span : 2 * samples;
}

ROIKIT_FN int list_bound(const Axis& axis, int p, const Ranks& ranks, const Sample*) {
    return ranks.end > ranks.begin ? ranks.end - ranks.begin : 0;
}

// Writes the taps of bin p in ascending order, equal pixels merged; returns their number. Positions grow with rank, so a
// sample's low pixel is the last tap, the last but one, or new.
ROIKIT_FN int fill_list(const Axis& axis, int p, const Ranks& ranks, Tap* taps) {
    int count = 0;
    ROIKIT_ROLLED for (int rank = ranks.begin; rank < ranks.end; ++rank) {
        const Sample sample = sample_at(axis, p, rank);
        int low = count;
        if (count > 0 && taps[count - 1].index == sample.low) {
            low = count - 1;
        } else if (count > 1 && taps[count - 2].index == sample.low) {
            low = count - 2;
        }
        if (low == count) taps[count++] = Tap{sample.low, (acc_t)0};
        taps[low].weight += sample.weight_low;
        if (sample.high == sample.low) continue;
        if (low + 1 == count) taps[count++] = Tap{sample.high, (acc_t)0};
        taps[low + 1].weight += sample.weight_high;
    }
    return count;
}

// Writes the samples of bin p in ascending order; returns their number.
ROIKIT_FN int fill_list(const Axis& axis, int p, const Ranks& ranks, Sample* samples) {
    int count = 0;
    ROIKIT_ROLLED for (int rank = ranks.begin; rank < ranks.end; ++rank) samples[count++] = sample_at(axis, p, rank);
    return count;
}

// Builds the lists of both axes. Called by all threads of the block; the block is synchronised when it returns. Returns false
// (to all threads) if a list would not fit, in which case nothing may be read from them.
template <class Entry> ROIKIT_FN bool build_lists(const Axis& y, const Axis& x, Lists<Entry>& lists_y, Lists<Entry>& lists_x) {
    const int thread = threadIdx.x + blockDim.x * threadIdx.y, threads = blockDim.x * blockDim.y;
    const int bins = lists_y.bins + lists_x.bins;
    ROIKIT_ROLLED for (int bin = thread; bin < bins; bin += threads) {
        const bool is_y = bin < lists_y.bins;
        const Axis axis = is_y ? y : x;
        const Lists<Entry> lists = is_y ? lists_y : lists_x;
        const int p = is_y ? bin : bin - lists_y.bins;
        lists.ranks[p] = listed_ranks(axis, p, lists.entries);
        lists.count[p] = list_bound(axis, p, lists.ranks[p], lists.entries);
    }
    __syncthreads();
    ROIKIT_ROLLED for (int which = thread; which < 2; which += threads) {
        const Lists<Entry> lists = which == 0 ? lists_y : lists_x;
        int64 total = 0;
        ROIKIT_ROLLED for (int p = 0; p < lists.bins; ++p) {
            lists.begin[p] = (int)total;
            total += lists.count[p];
            if (total > lists.capacity) total = (int64)lists.capacity + 1;
        }
        lists.begin[lists.bins] = (int)total;
    }
    __syncthreads();
    if (lists_y.begin[lists_y.bins] > lists_y.capacity || lists_x.begin[lists_x.bins] > lists_x.capacity) return false;
    ROIKIT_ROLLED for (int bin = thread; bin < bins; bin += threads) {
        const bool is_y = bin < lists_y.bins;
        const Axis axis = is_y ? y : x;
        const Lists<Entry> lists = is_y ? lists_y : lists_x;
        const int p = is_y ? bin : bin - lists_y.bins;
        lists.count[p] = fill_list(axis, p, lists.ranks[p], lists.entries + lists.begin[p]);
    }
    __syncthreads();
    return true;
}
