// Which RoIs touch which tile of the maps, by the geometry of deformable RoIs; feature_t is the type of coordinates.
#include "library/numeric.cuh"
#include "deform_roi_pool/moved.cuh"
#include "library/points/roi.cuh"
#include "library/points/extents.cuh"
