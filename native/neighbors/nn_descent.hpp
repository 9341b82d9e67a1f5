#pragma once

#include <functional>

#include "../support/cancellation.hpp"
#include "../support/threads.hpp"
#include "distance.hpp"
#include "neighbors.hpp"

namespace sigma {

// Up to this many points nn-descent saves nothing, because a single leaf would hold all of them.
std::size_t nn_descent_leaf_size(std::size_t k);

// Most of the nearest neighbors under any distance, for many points: nn-descent (Dong, Charikar & Li 2011), which
// starts from the leaves of some random projection trees. It goes on until a sample of the points has found enough of
// its true neighbors, or nothing new is found; the share found in the sample is reported as recall. Same seed: same
// neighbors, whatever the number of threads. n > nn_descent_leaf_size(k). `progress` is called with the share done,
// from the calling thread.
Neighbors search_by_nn_descent(const Distance& distance, std::size_t k, std::uint64_t seed, ThreadTeam& team,
                               const Cancellation& cancellation, const std::function<void(double)>& progress);

}  // namespace sigma
