// Which RoIs touch which tile of the maps, by RoIPool's geometry; feature_t is the type of coordinates.
#include "library/numeric.cuh"
#include "roi_pool/edges.cuh"
#include "library/roi.cuh"
#include "roi_pool/gathered.cuh"
#include "library/gathering/sorting.cuh"
