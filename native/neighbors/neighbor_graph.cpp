#include "neighbor_graph.hpp"

#include <algorithm>
#include <limits>

namespace sigma {

NeighborGraph::NeighborGraph(std::size_t n, std::size_t k)
    : k_(k),
      rows_(n * k),
      squared_(n * k, std::numeric_limits<float>::infinity()),
      bounds_(new std::atomic<float>[n]),
      locks_(n) {
  for (std::size_t i = 0; i < n; ++i) bounds_[i].store(std::numeric_limits<float>::max(), std::memory_order_relaxed);
}

void NeighborGraph::insert(std::size_t i, float squared, std::uint32_t row) {
  float* distances = &squared_[i * k_];
  std::uint32_t* rows = &rows_[i * k_];
  auto at = static_cast<std::size_t>(std::lower_bound(distances, distances + k_, squared) - distances);
  while (at < k_ && distances[at] == squared && (rows[at] & ~kFresh) < row) ++at;
  // The same pair has the same distance, so a row that is in the list is found here.
  if (at == k_ || (distances[at] == squared && (rows[at] & ~kFresh) == row)) return;
  std::copy_backward(distances + at, distances + k_ - 1, distances + k_);
  std::copy_backward(rows + at, rows + k_ - 1, rows + k_);
  distances[at] = squared;
  rows[at] = row | kFresh;
  bounds_[i].store(distances[k_ - 1], std::memory_order_relaxed);
}

void NeighborGraph::merge(std::size_t i, const std::uint32_t* rows, const float* squared, std::size_t count,
                          Scratch& held) {
  float* out_squared = &squared_[i * k_];
  std::uint32_t* out_rows = &rows_[i * k_];
  held.rows.assign(out_rows, out_rows + k_);
  held.squared.assign(out_squared, out_squared + k_);
  for (std::size_t out = 0, old = 0, added = 0; out < k_; ++out) {
    const std::uint32_t row = held.rows[old] & ~kFresh;
    const bool is_held = added < count && squared[added] == held.squared[old] && rows[added] == row;
    const bool is_added =
        added < count && !is_held &&
        (squared[added] != held.squared[old] ? squared[added] < held.squared[old] : rows[added] < row);
    out_rows[out] = is_added ? rows[added] | kFresh : held.rows[old];
    out_squared[out] = is_added ? squared[added] : held.squared[old];
    added += is_added || is_held;
    old += !is_added;
  }
  bounds_[i].store(out_squared[k_ - 1], std::memory_order_relaxed);
}

}  // namespace sigma
