#pragma once

#include <bit>
#include <cstdint>

namespace sigma {

// The bits of a number as an integer that is ordered as the numbers are, negative ones included. Zero has one sign.
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
