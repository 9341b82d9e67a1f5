#pragma once

#include <cstddef>
#include <cstdint>

#include "../support/isa.hpp"

namespace sigma {

struct QualityKernels {
  // Sum of 1 / (1 + scale x) over `count` numbers x >= 0. `count` is a multiple of 16, up to a few thousand.
  double (*sum_weights)(const float* values, std::size_t count, float scale);
  // Sum of the square roots of `count` numbers >= 0.
  double (*sum_roots)(const float* values, std::size_t count);
  // The number of values below the limit.
  std::size_t (*count_below)(const float* values, std::size_t count, float limit);
  // Keeps those of `count` numbers that are at most the bound, in their order, with their indices: indices[e], or e if
  // `indices` is null. Returns how many are kept. `count` is a multiple of 16. Works in place, too. May write up to 16
  // numbers beyond the kept ones.
  std::size_t (*keep_not_above)(const float* values, const std::uint32_t* indices, std::size_t count, float bound,
                                float* kept_values, std::uint32_t* kept_indices);
};

SIGMA_DECLARE_KERNELS(QualityKernels, quality_kernels)

}  // namespace sigma
