// Which RoIs touch which tile of the maps, by PSRoIPool's geometry; feature_t is the type of coordinates.
#include "library/numeric.cuh"
#include "ps_roi_pool/edges.cuh"
#include "library/roi.cuh"
#include "library/gathering/whole_pixels.cuh"
#include "library/gathering/sorting.cuh"
