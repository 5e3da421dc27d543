// What bins put on pixels, for the gradient of the maps (RP-8).
#pragma once

#include "library/gathering/whole_pixels.cuh"
