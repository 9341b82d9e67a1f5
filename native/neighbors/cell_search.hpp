#pragma once

#include <cstdint>
#include <functional>

#include "../support/cancellation.hpp"
#include "../support/threads.hpp"
#include "distance.hpp"
#include "neighbors.hpp"
#include "point_cells.hpp"
#include "recall_sample.hpp"

namespace sigma {

// Most of the nearest neighbors under any distance: each point is compared with the points of the cells whose centroids
// are nearest to it, as in an inverted file (Jégou, Douze & Schmid 2011). How many cells that are follows from a sample
// of the points whose true neighbors are found by comparing them with all points: as few as contain target_recall() of
// these neighbors. Same seed: same neighbors, whatever the number of threads.
class CellSearch {
 public:
  // 0.992 up to 200,000 points, 0.975 for more, where the last percents take half as long again.
  static double target_recall(std::size_t n);

  // Makes the cells and chooses their number per point. k is less than the number of points. Refers to the distance.
  CellSearch(const Distance& distance, std::size_t k, std::uint64_t seed, ThreadTeam& team,
             const Cancellation& cancellation);

  // How many comparisons the search makes per point, centroids included.
  double comparisons_per_point() const { return comparisons_; }

  // Searches. The share of the true neighbors found in the sample is reported as recall. `progress` is called with the
  // share done, from the calling thread.
  Neighbors run(ThreadTeam& team, const Cancellation& cancellation, const std::function<void(double)>& progress) const;

 private:
  void choose_visits(ThreadTeam& team, const Cancellation& cancellation);

  const Distance* distance_;
  std::size_t k_;
  Random random_;
  PointCells cells_;
  RecallSample sample_;
  std::size_t visits_ = 1;  // the number of cells with which a point is compared
  double comparisons_ = 0;
};

}  // namespace sigma
