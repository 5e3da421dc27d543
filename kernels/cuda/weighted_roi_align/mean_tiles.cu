// Which RoIs touch which tile of the maps, by RoIAlign's geometry, with the parameters of means; feature_t is the type of coordinates.
#include "library/numeric.cuh"
#include "library/sampling.cuh"
#include "weighted_roi_align/mean.cuh"
#include "library/roi.cuh"
#include "library/gathering/sampled.cuh"
#include "library/gathering/sorting.cuh"
