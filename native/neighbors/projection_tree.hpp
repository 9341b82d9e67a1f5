#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "../support/cancellation.hpp"
#include "../support/random.hpp"
#include "point_rows.hpp"

namespace sigma {

// A partition of the points into leaves of nearly equal size, each of which holds points that are near each other. Each
// step projects the points onto the line through two random points and splits them at the median (Dasgupta & Freund
// 2008; the direction is chosen as in Annoy).
struct ProjectionTree {
  std::vector<std::uint32_t> order;  // the rows, leaf after leaf
  std::vector<std::size_t> offsets;  // the beginning of each leaf, and finally the number of points

  std::size_t leaves() const { return offsets.size() - 1; }
  std::span<const std::uint32_t> leaf(std::size_t l) const {
    return {order.data() + offsets[l], offsets[l + 1] - offsets[l]};
  }
};

// No leaf is larger than `leaf_size`. No leaf is smaller than half of it if there are enough points.
ProjectionTree grow_tree(const PointRows& points, std::size_t leaf_size, Random random,
                         const Cancellation& cancellation);

}  // namespace sigma
