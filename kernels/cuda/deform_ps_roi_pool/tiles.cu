// Which RoIs touch which tile of the maps, by the geometry of deformable RoIs of whole pixels; feature_t is the type of coordinates.
#include "library/numeric.cuh"
#include "deform_ps_roi_pool/placed.cuh"
#include "library/points/roi.cuh"
#include "library/points/extents.cuh"
