#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "../neighbors/point_rows.hpp"
#include "../support/aligned.hpp"

namespace sigma {

// All squared distances from a few points at a time, in float32, the same bits as the searches compare.
class DistanceRows {
 public:
  // Points that are compared with all others together.
  static constexpr std::size_t kTogether = 8;

  // Point r, here and in what fill() takes, is point order[r] of the distance; all in their own order where it is
  // empty.
  DistanceRows(const Distance& distance, std::span<const std::uint32_t> order, ThreadTeam& team);

  std::size_t count() const { return rows_.count(); }
  // The points, filled up to a multiple of 64.
  std::size_t stride() const { return stride_; }

  // What one thread needs.
  class Scratch {
   public:
    explicit Scratch(const DistanceRows& rows);
    // Distances from the point that was filled in as number r; infinite to itself and where the row is filled up.
    const float* row(std::size_t r) const { return &values_[r * stride_]; }

   private:
    friend class DistanceRows;
    std::size_t stride_;
    PointBlocks own_;
    AlignedVector<float> tile_, values_;
  };

  // The rows of at most kTogether points.
  void fill(std::span<const std::uint32_t> points, Scratch& scratch) const;

 private:
  PointRows rows_;
  std::size_t stride_;
  std::optional<PointBlocks> ordered_;
};

}  // namespace sigma
