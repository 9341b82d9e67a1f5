#pragma once

#include <functional>

#include "../support/cancellation.hpp"
#include "../support/threads.hpp"
#include "distance.hpp"
#include "neighbors.hpp"

namespace sigma {

// Every distance is computed, tile by tile, and the k least of each row are kept: exact for any distance, metric or
// not. k < n. `progress` is called with the share done, from any of the threads, one at a time.
Neighbors search_exactly(const Distance& distance, std::size_t k, ThreadTeam& team, const Cancellation& cancellation,
                         const std::function<void(double)>& progress);

}  // namespace sigma
