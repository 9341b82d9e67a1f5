#include "packed_affinities.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <vector>

namespace sigma {
namespace {

constexpr std::size_t kGrain = 2048;
constexpr unsigned kFloatMantissaBits = 23;
constexpr std::uint32_t kFloatBias = 127, kLargestExponent = (1u << PackedAffinities::kExponentBits) - 1;

unsigned count_column_bits(std::size_t n) {
  return static_cast<unsigned>(std::bit_width(std::max<std::size_t>(n, PackedAffinities::kNarrow) - 1));
}

}  // namespace

bool can_pack(std::size_t n) {
  return count_column_bits(n) + PackedAffinities::kExponentBits + PackedAffinities::kLeastMantissaBits <= 32;
}

PackedAffinities pack(const Affinities& affinities, ThreadTeam& team) {
  const std::size_t n = affinities.count();
  const unsigned column_bits = count_column_bits(n);
  PackedAffinities packed;
  packed.column_mask = (std::uint32_t{1} << column_bits) - 1;
  packed.offsets.resize(n + 1);
  std::uint64_t end = 0;
  for (std::size_t i = 0; i < n; ++i) {
    constexpr std::uint64_t kMultiple = PackedAffinities::kRowMultiple;
    end += (affinities.offsets[i + 1] - affinities.offsets[i] + kMultiple - 1) / kMultiple * kMultiple;
    packed.offsets[i + 1] = end;
  }
  packed.edges.resize(end);

  std::vector<float> largest((n + kGrain - 1) / kGrain, 0.0f);
  team.for_ranges(n, kGrain, [&](std::size_t first, std::size_t last, std::size_t chunk) {
    for (std::uint64_t e = affinities.offsets[first]; e < affinities.offsets[last]; ++e) {
      largest[chunk] = std::max(largest[chunk], affinities.values[e]);
    }
  });
  // The largest p lies in [1/2, 1) units. Rounding up gives at most 1, which has the largest exponent.
  int exponent = 0;
  std::frexp(*std::max_element(largest.begin(), largest.end()), &exponent);
  packed.unit = std::ldexp(1.0f, exponent);
  const float per_unit = std::ldexp(1.0f, -exponent);

  const unsigned dropped = kFloatMantissaBits + PackedAffinities::kExponentBits + column_bits - 32;
  constexpr std::uint32_t kLeast = (kFloatBias - kLargestExponent) << kFloatMantissaBits;
  team.for_ranges(n, kGrain, [&](std::size_t first, std::size_t last, std::size_t) {
    for (std::size_t i = first; i < last; ++i) {
      std::uint64_t at = packed.offsets[i];
      for (std::uint64_t e = affinities.offsets[i]; e < affinities.offsets[i + 1]; ++e) {
        const auto bits = std::bit_cast<std::uint32_t>(affinities.values[e] * per_unit);
        const std::uint32_t rounded = std::max(bits, kLeast) - kLeast + (std::uint32_t{1} << (dropped - 1));
        packed.edges[at++] = (rounded >> dropped) << column_bits | affinities.columns[e];
      }
      std::fill(packed.edges.begin() + static_cast<std::ptrdiff_t>(at),
                packed.edges.begin() + static_cast<std::ptrdiff_t>(packed.offsets[i + 1]),
                static_cast<std::uint32_t>(i));
    }
  });
  return packed;
}

}  // namespace sigma
