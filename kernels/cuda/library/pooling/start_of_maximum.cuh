// Where the maximum of a bin begins. `Prepared` has taken_y and taken_x, how many samples along each axis are taken.
#pragma once

// RA-9. What the maximum of a bin starts from, of whose samples ny × nx are inside the map.
ROIKIT_FN acc_t start_of_maximum(const Prepared& roi, int ny, int nx) {
    const bool some_outside = OUTSIDE == Outside::zero && roi.taken_y > 0 && roi.taken_x > 0 &&
                              (ny < roi.taken_y || nx < roi.taken_x);
    const bool zero_counts = some_outside && MAX != Max::sample_inside;
    const bool any = zero_counts || MAX_START != MaxStart::first || (ny > 0 && nx > 0);
    const acc_t start = MAX_START == MaxStart::value ? MAX_START_VALUE : -infinity();
    return zero_counts || !any ? larger(start, (acc_t)0) : start;
}
