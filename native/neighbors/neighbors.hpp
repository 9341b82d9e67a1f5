#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace sigma {

// Where neighbors come from; `automatic` is the choice of the one or the other search by their cost.
enum class NeighborMethod { automatic, exact, cells, given };
const char* name_of(NeighborMethod method);

// The k nearest neighbors of n points, nearest first, the point itself left out.
struct Neighbors {
  std::size_t count = 0;  // n
  std::size_t k = 0;
  std::vector<std::uint32_t> indices;  // n x k
  std::vector<float> squared;          // n x k
  double recall = 1;                   // share of the true neighbors that it can vouch for
  NeighborMethod method = NeighborMethod::exact;
};

}  // namespace sigma
