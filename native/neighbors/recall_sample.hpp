#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "../support/cancellation.hpp"
#include "../support/random.hpp"
#include "point_cells.hpp"

namespace sigma {

// A sample of points whose true neighbors are known, for measuring the recall of lists of neighbors.
class RecallSample {
 public:
  // Draws `size` different points, or all points if there are fewer, and finds their true neighbors among all points.
  RecallSample(const Distance& distance, const PointCells& cells, std::size_t k, std::size_t size, Random random,
               ThreadTeam& team, const Cancellation& cancellation);

  // The original rows of the sample.
  std::span<const std::uint32_t> rows() const { return rows_; }
  // The true neighbors of sampled point s, nearest first.
  std::span<const std::uint32_t> neighbors(std::size_t s) const { return {&neighbors_[s * k_], k_}; }

  // Returns the share of the sampled points' true neighbors that a search has found. `squared` contains the squared
  // distances of the k neighbors that the search found for each point, in ascending order. A neighbor counts as true if
  // its distance is at most that of the true k-th neighbor.
  double measure(const float* squared) const;

 private:
  std::size_t k_;
  std::vector<std::uint32_t> rows_, neighbors_;
  std::vector<float> farthest_;  // squared distance of the k-th neighbor of each row
};

}  // namespace sigma
