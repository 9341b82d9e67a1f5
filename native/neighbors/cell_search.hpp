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

// Finds most of the nearest neighbors under any distance. Each point is compared only with the points of the cells
// whose centroids are nearest to it, as in an inverted file (Jégou, Douze & Schmid 2011). A random sample of points
// determines how many cells to visit: their true neighbors are found by comparing them with all points, and the search
// visits just enough cells to find target_recall() of these neighbors. The same seed gives the same neighbors for any
// number of threads.
class CellSearch {
 public:
  // 0.992 for up to 200,000 points. 0.975 for more points, because finding the last percents would take 50 % more time.
  static double target_recall(std::size_t n);

  // Builds the cells and chooses how many of them to visit per point. k must be less than the number of points. The
  // object keeps a reference to the distance.
  CellSearch(const Distance& distance, std::size_t k, std::uint64_t seed, ThreadTeam& team,
             const Cancellation& cancellation);

  // The number of comparisons that the search makes per point, including those with centroids.
  double comparisons_per_point() const { return comparisons_; }

  // Searches for the neighbors. The reported recall is the share of the true neighbors of the sampled points that was
  // found. `progress` is called from the calling thread with the finished share, between 0 and 1.
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
