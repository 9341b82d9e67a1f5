#pragma once

#include <functional>

#include "../support/cancellation.hpp"
#include "../support/threads.hpp"
#include "distance.hpp"
#include "neighbors.hpp"

namespace sigma {

// A search in cells saves no time for up to this many points. The number grows with k, because a cell holds more than k
// points.
std::size_t fewest_points_for_cells(std::size_t k);

// Finds the k < n nearest neighbors by `method`, which must not be `given`. The automatic choice builds the cells and
// then searches exactly if this takes less time. Small data are always searched exactly.
Neighbors find_neighbors(const Distance& distance, std::size_t k, NeighborMethod method, std::uint64_t seed,
                         ThreadTeam& team, const Cancellation& cancellation,
                         const std::function<void(double)>& progress);

}  // namespace sigma
