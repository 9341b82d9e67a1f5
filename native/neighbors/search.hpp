#pragma once

#include <functional>

#include "../support/cancellation.hpp"
#include "../support/threads.hpp"
#include "distance.hpp"
#include "neighbors.hpp"

namespace sigma {

// Up to this many points a search in cells saves nothing. It grows with k, since a cell holds more than k points.
std::size_t fewest_points_for_cells(std::size_t k);

// Finds the k < n nearest neighbors by `method`, which is not `given`. The automatic choice makes cells and searches
// exactly where that needs fewer comparisons. Few points are searched exactly in any case.
Neighbors find_neighbors(const Distance& distance, std::size_t k, NeighborMethod method, std::uint64_t seed,
                         ThreadTeam& team, const Cancellation& cancellation,
                         const std::function<void(double)>& progress);

}  // namespace sigma
