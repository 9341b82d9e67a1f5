#pragma once

#include <functional>

#include "../support/cancellation.hpp"
#include "../support/threads.hpp"
#include "distance.hpp"
#include "neighbors.hpp"

namespace sigma {

// Finds the k nearest neighbors by computing all distances, tile by tile. Each distance is computed once for both
// points. The result is exact for any distance, even if it is not a metric. k must be below n. `progress` is called
// from the calling thread with the finished share, between 0 and 1.
Neighbors search_exactly(const Distance& distance, std::size_t k, ThreadTeam& team, const Cancellation& cancellation,
                         const std::function<void(double)>& progress);

}  // namespace sigma
