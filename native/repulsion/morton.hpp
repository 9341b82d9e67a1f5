#pragma once

#include <cstdint>
#include <vector>

#include "../support/threads.hpp"

namespace sigma {

// The kernel 1 / (1 + d^2) changes over distances of 1, so points within so much less need not be told apart.
constexpr double kFinestCell = 0.01;

struct MortonKey {
  std::uint64_t code;
  std::uint32_t point;
};

// Points in their order along the Morton curve through the cube around them, cut into 2^bits cells per side.
template <int D>
class MortonCurve {
 public:
  // `positions` is n x stride_of(D).
  void sort(const float* positions, std::size_t n, ThreadTeam& team);

  // Bits per side: enough that cells are small compared to the kernel's width of 1, as far as the keys have bits.
  int bits() const { return bits_; }
  // Ascending; equal codes keep the order of the points.
  const std::vector<MortonKey>& keys() const { return keys_; }

 private:
  struct Bounds {
    float low[D], high[D];
  };
  Bounds find_bounds(const float* positions, std::size_t n, ThreadTeam& team);

  int bits_ = 0;
  std::vector<MortonKey> keys_, sorted_;
  std::vector<Bounds> bounds_;  // by chunk of points
};

// The points' order along the curve, for 1 to 3 dimensions.
std::vector<std::uint32_t> morton_order(int output_dimensions, const float* positions, std::size_t n, ThreadTeam& team);

}  // namespace sigma
