#include "search.hpp"

#include "exact_search.hpp"
#include "nn_descent.hpp"

namespace sigma {

const char* name_of(NeighborMethod method) {
  constexpr const char* kNames[] = {"auto", "exact", "nn-descent", "given"};
  return kNames[static_cast<std::size_t>(method)];
}

NeighborMethod choose_search(const Distance& distance, std::size_t k) {
  const double columns = static_cast<double>(distance.means().cols()) * distance.traits().cost;
  const bool is_large = static_cast<double>(distance.count()) > 60e3 + 9e6 / (columns + 33);
  return is_large && distance.count() > nn_descent_leaf_size(k) ? NeighborMethod::nn_descent : NeighborMethod::exact;
}

Neighbors find_neighbors(const Distance& distance, std::size_t k, NeighborMethod method, std::uint64_t seed,
                         ThreadTeam& team, const Cancellation& cancellation,
                         const std::function<void(double)>& progress) {
  if (method == NeighborMethod::automatic) method = choose_search(distance, k);
  if (method == NeighborMethod::nn_descent && distance.count() > nn_descent_leaf_size(k)) {
    return search_by_nn_descent(distance, k, seed, team, cancellation, progress);
  }
  return search_exactly(distance, k, team, cancellation, progress);
}

}  // namespace sigma
