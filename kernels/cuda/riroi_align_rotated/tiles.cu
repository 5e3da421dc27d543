// Which RoIs touch which tile of the maps, by the geometry of rotated RoIs; feature_t is the type of coordinates.
#include "library/numeric.cuh"
#include "riroi_align_rotated/oriented.cuh"
#include "library/points/roi.cuh"
#include "library/points/extents.cuh"
