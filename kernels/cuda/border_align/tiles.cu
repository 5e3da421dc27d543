// Which boxes touch which tile of the maps, by the geometry of sides; feature_t is the type of coordinates.
#include "library/numeric.cuh"
#include "border_align/sides.cuh"
#include "library/points/roi.cuh"
#include "library/points/extents.cuh"
