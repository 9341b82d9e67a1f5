#pragma once

#include <cstdint>
#include <span>

#include "../support/threads.hpp"
#include "distance.hpp"

namespace sigma {

// A copy of what a distance compares, row after row and in any order, from which points are brought together in blocks.
class PointRows {
 public:
  // Row r is point order[r]; all points in their own order where `order` is empty.
  PointRows(const Distance& distance, std::span<const std::uint32_t> order, ThreadTeam& team);

  const Distance& distance() const { return *distance_; }
  std::size_t count() const { return count_; }
  std::size_t cols() const { return distance_->means().cols(); }
  const float* row(std::size_t r) const { return &means_[r * stride_]; }

  // out[i] = the means of row rows[i] times a direction of stride() numbers.
  void project(std::span<const std::uint32_t> rows, const float* direction, float* out) const {
    distance_kernels().project(means_.data(), stride_, rows.data(), rows.size(), direction, out);
  }
  // The columns, filled up with zeros to a multiple of 16.
  std::size_t stride() const { return stride_; }

 private:
  friend class PointBlocks;
  const Distance* distance_;
  std::size_t count_, stride_, variance_stride_ = 0;
  AlignedVector<float> means_, variances_;
};

// Some points in blocks of 64, as distances read them.
class PointBlocks {
 public:
  // No points yet.
  PointBlocks() = default;
  // Room for this many points as the distance compares them.
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
