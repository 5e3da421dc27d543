// The geometry of one axis of one RoI as lists in a block's memory, one list per bin (geometry.cuh). Built by the threads of a block
// together, read by all of them.
#pragma once

#include "library/memory.cuh"

// Which entries are the list of a bin: begin … begin + count - 1.
struct alignas(8) List {
    int begin, count;
};

// The lists of one axis.
template <class Entry> struct Lists {
    Kept<List> lists;     // bins + 1 values; the last begins where the entries end
    Kept<Ranks> ranks;    // bins values: which samples list p is made of
    Kept<Entry> entries;  // capacity values
    int bins, capacity;

    // Whether a pixel lies between the first and the last one that list p reads.
    ROIKIT_METHOD bool spans(int p, int pixel) const {
        const List list = lists[p];
        const Entry* const first = entries + list.begin;
        return list.count > 0 && pixel >= first_pixel(first[0]) && pixel <= last_pixel(first[list.count - 1]);
    }
};

// The lists of a bin.
template <class Entry> struct ListsOfBin {
    Kept<Entry> y, x;
    int count_y, count_x;
};

template <class Entry> ROIKIT_FN Lists<Entry> carve_lists(Memory& memory, int bins, int capacity) {
    Lists<Entry> made;
    made.entries = carve<Entry>(memory, capacity);
    made.lists = carve<List>(memory, bins + 1);
    made.ranks = carve<Ranks>(memory, bins);
    made.bins = bins;
    made.capacity = capacity;
    return made;
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
template <class Entry> ROIKIT_FN bool build_lists(const Axis& y, const Axis& x, const Lists<Entry>& of_y, const Lists<Entry>& of_x) {
    const int thread = thread_of_block(), threads = threads_of_block(), bins = of_y.bins + of_x.bins;
    ROIKIT_ROLLED for (int bin = thread; bin < bins; bin += threads) {
        const bool is_y = bin < of_y.bins;
        const Axis axis = is_y ? y : x;
        const Lists<Entry> made = is_y ? of_y : of_x;
        const int p = is_y ? bin : bin - of_y.bins;
        const Ranks ranks = listed_ranks(axis, p, made.entries);
        made.ranks[p] = ranks;
        made.lists[p].count = list_bound(axis, p, ranks, made.entries);
    }
    __syncthreads();
    ROIKIT_ROLLED for (int which = thread; which < 2; which += threads) {
        const Lists<Entry> made = which == 0 ? of_y : of_x;
        int64 total = 0;
        ROIKIT_ROLLED for (int p = 0; p < made.bins; ++p) {
            made.lists[p].begin = (int)total;
            total += made.lists[p].count;
            if (total > made.capacity) total = (int64)made.capacity + 1;
        }
        made.lists[made.bins].begin = (int)total;
    }
    __syncthreads();
    if (of_y.lists[of_y.bins].begin > of_y.capacity || of_x.lists[of_x.bins].begin > of_x.capacity) return false;
    ROIKIT_ROLLED for (int bin = thread; bin < bins; bin += threads) {
        const bool is_y = bin < of_y.bins;
        const Axis axis = is_y ? y : x;
        const Lists<Entry> made = is_y ? of_y : of_x;
        const int p = is_y ? bin : bin - of_y.bins;
        made.lists[p].count = fill_list(axis, p, made.ranks[p], made.entries + made.lists[p].begin);
    }
    __syncthreads();
    return true;
}
