// Which RoIs touch which tile of the volumes, slice below slice, by the geometry of volume.cuh; feature_t is the type of coordinates.
#include "library/numeric.cuh"
#include "roi_align_3d/volume.cuh"
#include "roi_align_3d/gathered.cuh"
#include "library/gathering/sorting.cuh"
