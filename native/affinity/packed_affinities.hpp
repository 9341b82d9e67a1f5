#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "../support/aligned.hpp"
#include "affinities.hpp"

namespace sigma {

// The edges of P in 32 bits each, since gradient descent waits for the memory that they come from: the column in the
// lowest bits, and above it p without a sign, as five bits of exponent and the rest of mantissa, in units of `unit`.
// What is below 2^-31 units becomes that. Rows are filled up with edges to the point itself, which attract nothing.
struct PackedAffinities {
  static constexpr unsigned kExponentBits = 5, kLeastMantissaBits = 7;
  static constexpr std::size_t kRowMultiple = 16;
  // Columns of up to this many points take 16 bits, which processors read without a mask.
  static constexpr std::size_t kNarrow = 65536;

  std::vector<std::uint64_t> offsets;  // n + 1
  AlignedVector<std::uint32_t> edges;
  std::uint32_t column_mask = 0;
  float unit = 0;
};

// Whether columns of n points leave p enough bits to stay within 0.4 % of its value.
bool can_pack(std::size_t n);

PackedAffinities pack(const Affinities& affinities, ThreadTeam& team);

}  // namespace sigma
