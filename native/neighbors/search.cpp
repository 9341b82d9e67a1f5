#include "search.hpp"

#include <algorithm>

#include "cell_search.hpp"
#include "exact_search.hpp"

namespace sigma {

const char* name_of(NeighborMethod method) {
  constexpr const char* kNames[] = {"auto", "exact", "cells", "given"};
  return kNames[static_cast<std::size_t>(method)];
}

namespace {

// The time of a comparison in the search in cells, relative to one in the exact search. It is longer because a pair may
// be compared from both sides and more candidates enter the lists.
constexpr double kCostOfComparison = 1.5;
// Below this number of points, the automatic choice uses the exact search, because building the cells takes longer than
// the search could save.
constexpr std::size_t kFewestForAutomatic = 15000;

bool is_faster(const CellSearch& search, std::size_t n) {
  // The exact search compares each pair once.
  return kCostOfComparison * search.comparisons_per_point() < 0.5 * static_cast<double>(n);
}

}  // namespace

std::size_t fewest_points_for_cells(std::size_t k) {
  return std::max<std::size_t>(1024, 8 * k);
}

Neighbors find_neighbors(const Distance& distance, std::size_t k, NeighborMethod method, std::uint64_t seed,
                         ThreadTeam& team, const Cancellation& cancellation,
                         const std::function<void(double)>& progress) {
  const bool is_automatic = method == NeighborMethod::automatic;
  const std::size_t n = distance.count();
  const std::size_t fewest = std::max(fewest_points_for_cells(k), is_automatic ? kFewestForAutomatic : 0);
  if (method != NeighborMethod::exact && n > fewest) {
    const CellSearch search(distance, k, seed, team, cancellation);
    if (!is_automatic || is_faster(search, n)) return search.run(team, cancellation, progress);
  }
  return search_exactly(distance, k, team, cancellation, progress);
}

}  // namespace sigma
