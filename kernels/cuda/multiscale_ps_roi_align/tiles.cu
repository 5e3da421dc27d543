// Which RoIs touch which tile of the maps of all levels, by PSRoIAlign's geometry; feature_t is the type of coordinates. Nobody looks at
// the order of channels here, but with all choices of its dialects known a CPU needs one compilation for all of them.
#include "library/numeric.cuh"
#include "library/sampling.cuh"
#include "library/selected.cuh"
#include "library/roi.cuh"
#include "library/gathering/sampled.cuh"
#include "library/gathering/sorting.cuh"
