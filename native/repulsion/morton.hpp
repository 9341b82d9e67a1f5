#pragma once

#include <cstdint>
#include <vector>

#include "../support/threads.hpp"

namespace sigma {

// The kernel 1 / (1 + d^2) changes over distances of 1, so points that are this close to each other may share a cell.
constexpr double kFinestCell = 0.01;

struct MortonKey {
  std::uint64_t code;
  std::uint32_t point;
};

// Sorts points along the Morton curve through the cube around them, which is divided into 2^bits cells per side.
template <int D>
class MortonCurve {
 public:
  // `positions` is n x stride_of(D).
  void sort(const float* positions, std::size_t n, ThreadTeam& team);

  // Bits per side: enough to make cells small compared to the kernel's width of 1, within the number of bits of the
  // keys.
  int bits() const { return bits_; }
  // In ascending order; points with equal codes keep their order.
  const std::vector<MortonKey>& keys() const { return keys_; }

 private:
  struct Bounds {
    float low[D], high[D];
  };
  Bounds find_bounds(const float* positions, std::size_t n, ThreadTeam& team);

  int bits_ = 0;
  std::vector<MortonKey> keys_, sorted_;
  std::vector<Bounds> bounds_;  // one per chunk of points
};

// The order of the points along the curve, for 1 to 3 dimensions.
std::vector<std::uint32_t> morton_order(int output_dimensions, const float* positions, std::size_t n, ThreadTeam& team);

}  // namespace sigma
