#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "../support/aligned.hpp"

namespace sigma {

// The plan for transforms of a length that is a product of 2, 3, 4 and 5: the radices from the first stage to the last,
// the twiddle factors of every stage, and the order of the frequencies. Frequencies stay in the order in which the
// stages leave them.
struct FourierPlan {
  std::size_t length = 0;
  std::vector<int> radices;
  // For each stage of length n and radix r: exp(-2 pi i j p / n) for j < n / r and 0 < p < r, as (re, im) by j, then p.
  std::vector<AlignedVector<float>> twiddles;
  // slot[k] is the index at which the transform leaves frequency k.
  std::vector<std::uint32_t> slot;

  explicit FourierPlan(std::size_t length);
};

// The smallest even length >= `least` for which there is a plan.
std::size_t next_fourier_length(std::size_t least);

}  // namespace sigma
