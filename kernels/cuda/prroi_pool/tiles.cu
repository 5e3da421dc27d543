// Which RoIs touch which tile of the maps, by PrRoIPool's geometry; feature_t is the type of coordinates.
#include "library/numeric.cuh"
#include "prroi_pool/integral.cuh"
#include "library/roi.cuh"
#include "prroi_pool/gathered.cuh"
#include "library/gathering/sorting.cuh"
