#pragma once

#include <functional>

#include "../support/cancellation.hpp"
#include "../support/threads.hpp"
#include "distance.hpp"
#include "neighbors.hpp"

namespace sigma {

// The search that takes less time for n points: nn-descent above n = 60,000 + 9,000,000 / (d + 33), which is some
// 170,000 points of 50 dimensions or 71,000 of 784; a distance counts as one of as many times the
// dimensions as its traits' cost. Never nn-descent where its first leaf would hold all points.
NeighborMethod choose_search(const Distance& distance, std::size_t k);

// Whether the automatic choice repeats a search by nn-descent exactly: it has found less than 95 % of a sample of true
// neighbors, and the exact search takes at most some eight times as long.
bool is_worth_repeating(const Distance& distance, double recall);

// Finds the k < n nearest neighbors by `method`, which is not `given`. Few points are searched exactly in any case.
Neighbors find_neighbors(const Distance& distance, std::size_t k, NeighborMethod method, std::uint64_t seed,
                         ThreadTeam& team, const Cancellation& cancellation,
                         const std::function<void(double)>& progress);

}  // namespace sigma
