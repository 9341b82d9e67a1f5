#pragma once

#include <bit>
#include <cstdint>

namespace sigma {

// Maps the bits of a number to an integer so that integers have the order of the numbers, including negative ones. 0
// and -0 give the same integer.
constexpr std::uint32_t ordered_bits(float value) {
  constexpr std::uint32_t kSign = 1u << 31;
  const auto bits = std::bit_cast<std::uint32_t>(value + 0.0f);
  return bits & kSign ? ~bits : bits | kSign;
}

constexpr float from_ordered_bits(std::uint32_t ordered) {
  constexpr std::uint32_t kSign = 1u << 31;
  return std::bit_cast<float>(ordered & kSign ? ordered ^ kSign : ~ordered);
}

}  // namespace sigma
