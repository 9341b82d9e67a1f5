#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "../support/aligned.hpp"
#include "affinities.hpp"

namespace sigma {

// The edges of P, packed into 32 bits each because gradient descent is limited by memory bandwidth. The lowest bits
// hold the column. The remaining bits hold p in units of `unit` without a sign: five bits of exponent, then the
// mantissa. Values below 2^-31 units are raised to 2^-31 units. Rows are padded with edges from the point to itself,
// which attract nothing.
struct PackedAffinities {
  static constexpr unsigned kExponentBits = 5, kLeastMantissaBits = 7;
  static constexpr std::size_t kRowMultiple = 16;
  // With at most this many points, a column takes 16 bits, which processors can read without a mask.
  static constexpr std::size_t kNarrow = 65536;

  std::vector<std::uint64_t> offsets;  // n + 1
  AlignedVector<std::uint32_t> edges;
  std::uint32_t column_mask = 0;
  float unit = 0;
};

// Whether the columns of n points leave enough bits for p to stay within 0.4 % of its value.
bool can_pack(std::size_t n);

PackedAffinities pack(const Affinities& affinities, ThreadTeam& team);

}  // namespace sigma
