#pragma once

#include <functional>

#include "../support/cancellation.hpp"
#include "../support/threads.hpp"
#include "distance.hpp"
#include "neighbors.hpp"

namespace sigma {

// Every distance is computed, once for both points, tile by tile, and the k least of each point are kept: exact for any
// distance, metric or not. k < n. `progress` is called with the share done, from the calling thread.
Neighbors search_exactly(const Distance& distance, std::size_t k, ThreadTeam& team, const Cancellation& cancellation,
                         const std::function<void(double)>& progress);

}  // namespace sigma
