// Which boxes touch which tile of the images, by crop_and_resize's geometry; feature_t is the type of coordinates.
#include "library/numeric.cuh"
#include "crop_and_resize/points.cuh"
#include "library/roi.cuh"
#include "crop_and_resize/gathered.cuh"
#include "library/gathering/sorting.cuh"
