#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace sigma {

// The source of the neighbors. `automatic` chooses between the exact search and the search in cells by their cost.
enum class NeighborMethod { automatic, exact, cells, given };
const char* name_of(NeighborMethod method);

// The k nearest neighbors of n points, nearest first, without the point itself.
struct Neighbors {
  std::size_t count = 0;  // n
  std::size_t k = 0;
  std::vector<std::uint32_t> indices;  // n x k
  std::vector<float> squared;          // n x k
  double recall = 1;                   // lower bound or estimate of the share of the true neighbors that was found
  NeighborMethod method = NeighborMethod::exact;
};

}  // namespace sigma
