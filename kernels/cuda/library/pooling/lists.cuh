// Room for the lists of an axis (geometry.cuh) in a block's memory.
#pragma once

template <class Entry> ROIKIT_FN Lists<Entry> carve_lists(unsigned char*& memory, int bins, int capacity) {
    Lists<Entry> lists;
    lists.entries = carve<Entry>(memory, capacity);
    lists.begin = carve<int>(memory, bins + 1);
    lists.count = carve<int>(memory, bins);
    lists.ranks = carve<Ranks>(memory, bins);
    lists.bins = bins;
    lists.capacity = capacity;
    return lists;
}
