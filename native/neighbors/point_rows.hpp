#pragma once

#include <cstdint>
#include <span>

#include "../support/threads.hpp"
#include "distance.hpp"

namespace sigma {

// A row-major copy of the numbers that a distance compares, in any order of the rows. Blocks of points are gathered
// from it.
class PointRows {
 public:
  // Row r is point order[r]. If `order` is empty, the points keep their own order.
  PointRows(const Distance& distance, std::span<const std::uint32_t> order, ThreadTeam& team);

  const Distance& distance() const { return *distance_; }
  std::size_t count() const { return count_; }
  std::size_t cols() const { return distance_->means().cols(); }
  const float* row(std::size_t r) const { return &means_[r * stride_]; }

  // out[i] = dot product of the means in row rows[i] with a direction of stride() numbers.
  void project(std::span<const std::uint32_t> rows, const float* direction, float* out) const {
    distance_kernels().project(means_.data(), stride_, rows.data(), rows.size(), direction, out);
  }
  // The number of columns, filled up with zeros to a multiple of 16.
  std::size_t stride() const { return stride_; }

 private:
  friend class PointBlocks;
  const Distance* distance_;
  std::size_t count_, stride_, variance_stride_ = 0;
  AlignedVector<float> means_, variances_;
};

// Points in blocks of 64, in the layout that distances use.
class PointBlocks {
 public:
  // No points yet.
  PointBlocks() = default;
  // Allocates memory for this many points with the numbers that the distance compares.
  PointBlocks(const Distance& distance, std::size_t capacity);
  PointBlocks(const PointRows& points, std::size_t capacity) : PointBlocks(*points.distance_, capacity) {}

  // Fills block b with the given rows of the points, at most 64. The remaining rows of the block keep their previous
  // content.
  void gather(std::size_t b, const PointRows& points, std::span<const std::uint32_t> rows);
  void gather(std::size_t b, const Distance& points, std::span<const std::uint32_t> rows);
  void gather(std::size_t b, const PointBlocks& points, std::span<const std::uint32_t> rows);

  DistanceBlock block(std::size_t b) const {
    return {means_.block(b), variances_.rows() > 0 ? variances_.block(b) : nullptr};
  }
  // Makes row r the mean of the given rows of the points: of their coordinates and of their variances.
  void average(std::size_t r, const PointBlocks& points, std::span<const std::uint32_t> rows);

 private:
  PackedMatrix means_, variances_;
};

}  // namespace sigma
