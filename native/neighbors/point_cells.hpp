#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "../support/cancellation.hpp"
#include "../support/random.hpp"
#include "../support/threads.hpp"
#include "point_rows.hpp"

namespace sigma {

// A partition of the points into cells around centroids, made by k-means under the distance itself (Lloyd 1982). A
// centroid is the mean of the coordinates and of the variances of its cell, so it can be compared like a point. The
// points of a cell lie next to each other in memory. Cells that are near each other mostly do, too.
class PointCells {
 public:
  // Cells have `size` points on average and at most kLargest times as many. No cell is empty.
  PointCells(const Distance& distance, std::size_t size, Random random, ThreadTeam& team,
             const Cancellation& cancellation);
  static constexpr std::size_t kLargest = 8;

  std::size_t count() const { return offsets_.size() - 1; }
  // The points of a cell, as row numbers of the original data.
  std::span<const std::uint32_t> members(std::size_t cell) const {
    return {&order_[offsets_[cell]], offsets_[cell + 1] - offsets_[cell]};
  }
  // The first block of the cell in points(). Each cell begins a new block.
  std::size_t first_block(std::size_t cell) const { return first_blocks_[cell]; }
  const PointBlocks& points() const { return points_; }
  // The centroid of cell c is row c.
  const PointBlocks& centroids() const { return centroids_; }

 private:
  void place(const Distance& distance, ThreadTeam& team);

  std::vector<std::uint32_t> order_;
  std::vector<std::size_t> offsets_, first_blocks_;
  PointBlocks points_, centroids_;
};

}  // namespace sigma
