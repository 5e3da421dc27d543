// Points, areas of a map, and samples of a bin.
#pragma once

#include "library/axis.cuh"

struct Point {
    acc_t y, x;
};

// Between two rows and two columns, these included.
struct Area {
    acc_t y_begin, y_end, x_begin, x_end;
};

// The samples (i, j) of a bin from begin to end - 1.
struct Samples {
    int y_begin, y_end, x_begin, x_end;
};
