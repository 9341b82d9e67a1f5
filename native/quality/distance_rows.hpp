#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "../neighbors/point_rows.hpp"
#include "../support/aligned.hpp"

namespace sigma {

// Computes all squared distances from a few points at a time, in float32. They have the same bits as in the searches.
class DistanceRows {
 public:
  // The number of points that are compared with all others together.
  static constexpr std::size_t kTogether = 8;

  // Point r, here and in fill(), is point order[r] of the distance. If `order` is empty, the points keep their own
  // order.
  DistanceRows(const Distance& distance, std::span<const std::uint32_t> order, ThreadTeam& team);

  std::size_t count() const { return rows_.count(); }
  // The number of points, rounded up to a multiple of 64.
  std::size_t stride() const { return stride_; }

  // The memory of one thread.
  class Scratch {
   public:
    explicit Scratch(const DistanceRows& rows);
    // The distances from the r-th point of the last fill(). They are infinite for the point itself and in the padding.
    const float* row(std::size_t r) const { return &values_[r * stride_]; }

   private:
    friend class DistanceRows;
    std::size_t stride_;
    PointBlocks own_;
    AlignedVector<float> tile_, values_;
  };

  // Computes the rows of at most kTogether points.
  void fill(std::span<const std::uint32_t> points, Scratch& scratch) const;

 private:
  PointRows rows_;
  std::size_t stride_;
  std::optional<PointBlocks> ordered_;
};

}  // namespace sigma
