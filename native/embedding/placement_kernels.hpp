#pragma once

#include <cstddef>

#include "../support/isa.hpp"

namespace sigma {

// The neighbors of one new point: their coordinates, one array per axis, and their affinities. Each array is padded
// with zeros to a multiple of 16.
struct PlacementNeighbors {
  const float* coordinates[3];
  const float* p;
  std::size_t padded;
};

// The attraction of the neighbors on the new point at y, with sums over j: pull = sum p_j w_j (y - y_j), stiffness =
// sum p_j w_j, energy = sum p_j log(1 / w_j).
struct Attraction {
  float pull[3];
  float stiffness;
  float energy;
};

struct PlacementKernels {
  Attraction (*attract)(int output_dimensions, const PlacementNeighbors&, const float* y);
};

SIGMA_DECLARE_KERNELS(PlacementKernels, placement_kernels)

}  // namespace sigma
