#pragma once

#include <cstdint>
#include <span>

#include "../linalg/packed_matrix.hpp"
#include "../support/isa.hpp"

namespace sigma {

// One block of 64 rows: `cols` x 64 means and, for distances that use sigma, as many variances, column-major.
struct DistanceBlock {
  const float* means;
  const float* variances;
};

// A point that may be among the nearest.
struct Candidate {
  float squared;
  std::uint32_t index;
  bool operator<(const Candidate& other) const {
    return squared != other.squared ? squared < other.squared : index < other.index;
  }
};

struct DistanceKernel {
  const char* name;
  bool uses_sigma;
  // out[64 * i + j] = squared distance of row i of `rows` and row j of `columns`, over `cols` dimensions.
  void (*tile)(DistanceBlock rows, DistanceBlock columns, std::size_t cols, float* out);
  // The same for one pair, in float64; i and j count rows within their blocks.
  double (*pair)(DistanceBlock rows, std::size_t i, DistanceBlock columns, std::size_t j, std::size_t cols);
};

struct DistanceKernels {
  std::span<const DistanceKernel> all;
  // Writes those of 64 squared distances that are below the bound to `out`, with indices counted from `first`, in their
  // order; returns how many. `out` has room for 64.
  std::size_t (*collect_below)(const float* squared, float bound, std::uint32_t first, Candidate* out);
};

SIGMA_DECLARE_KERNELS(DistanceKernels, distance_kernels)

}  // namespace sigma
