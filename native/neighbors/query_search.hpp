#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <string_view>
#include <vector>

#include "../support/cancellation.hpp"
#include "../support/threads.hpp"
#include "distance.hpp"
#include "neighbors.hpp"
#include "point_rows.hpp"

namespace sigma {

// A fixed set of points, prepared once. The neighbors of queries among these points are searched by comparing all
// pairs.
class QuerySearch {
 public:
  // The row number of a query that is not one of the points.
  static constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

  // Keeps a reference to the points of the distance, which must outlive this object.
  QuerySearch(Distance distance, ThreadTeam& team, const Cancellation& cancellation);
  QuerySearch(std::string_view distance, const Gaussians& points, ThreadTeam& team, const Cancellation& cancellation)
      : QuerySearch(Distance(distance, points), team, cancellation) {}

  // Finds the k nearest points of each query, nearest first; equally near points are ordered by row. Query q is not
  // compared with point own[q]. The queries must lie in the frame of the points and must have variances if the distance
  // uses them. k is at most the number of points, and one less if the queries are points themselves. The result for a
  // query does not depend on the other queries. `progress` may be called from any thread, with the number of queries
  // finished since the last call.
  Neighbors search(const Gaussians& queries, std::span<const std::uint32_t> own, std::size_t k, ThreadTeam& team,
                   const Cancellation& cancellation, const std::function<void(std::size_t)>& progress) const;

 private:
  Distance distance_;
  std::vector<std::uint32_t> order_;  // row r of the blocks is point order_[r]
  PointBlocks blocks_;
};

}  // namespace sigma
