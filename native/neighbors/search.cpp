#include "search.hpp"

#include "exact_search.hpp"
#include "nn_descent.hpp"

namespace sigma {

const char* name_of(NeighborMethod method) {
  constexpr const char* kNames[] = {"auto", "exact", "nn-descent", "given"};
  return kNames[static_cast<std::size_t>(method)];
}

namespace {

// A search that finds fewer of the true neighbors is repeated exactly, for up to this many times the points at which
// both searches take the same time.
constexpr double kLeastRecall = 0.95, kExactlyRepeated = 8;

// The number of points at which both searches take the same time.
double balance_point(const Distance& distance) {
  return 60e3 + 9e6 / (distance.cost() + 33);
}

}  // namespace

NeighborMethod choose_search(const Distance& distance, std::size_t k) {
  const bool is_large = static_cast<double>(distance.count()) > balance_point(distance);
  return is_large && distance.count() > nn_descent_leaf_size(k) ? NeighborMethod::nn_descent : NeighborMethod::exact;
}

bool is_worth_repeating(const Distance& distance, double recall) {
  return recall < kLeastRecall && static_cast<double>(distance.count()) <= kExactlyRepeated * balance_point(distance);
}

Neighbors find_neighbors(const Distance& distance, std::size_t k, NeighborMethod method, std::uint64_t seed,
                         ThreadTeam& team, const Cancellation& cancellation,
                         const std::function<void(double)>& progress) {
  const bool is_automatic = method == NeighborMethod::automatic;
  if (is_automatic) method = choose_search(distance, k);
  if (method == NeighborMethod::nn_descent && distance.count() > nn_descent_leaf_size(k)) {
    Neighbors found = search_by_nn_descent(distance, k, seed, team, cancellation, progress);
    if (!is_automatic || !is_worth_repeating(distance, found.recall)) return found;
  }
  return search_exactly(distance, k, team, cancellation, progress);
}

}  // namespace sigma
