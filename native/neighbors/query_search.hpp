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

// Points that stay, made ready once, among which the neighbors of other points are searched by comparing all pairs.
class QuerySearch {
 public:
  // The row that stands for "none of them".
  static constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

  // Refers to the points of the distance, which must outlive it.
  QuerySearch(Distance distance, ThreadTeam& team, const Cancellation& cancellation);
  QuerySearch(std::string_view distance, const Gaussians& points, ThreadTeam& team, const Cancellation& cancellation)
      : QuerySearch(Distance(distance, points), team, cancellation) {}

  // The k nearest points of each query, nearest first, equal ones by row. Query q is not compared with point own[q].
  // The queries lie in the points' frame and have variances where the distance uses them; k is at most the number of
  // points, one less if the queries are points. The result of a query does not depend on the others. `progress` is
  // called from any thread with the number of queries done since it was last called.
  Neighbors search(const Gaussians& queries, std::span<const std::uint32_t> own, std::size_t k, ThreadTeam& team,
                   const Cancellation& cancellation, const std::function<void(std::size_t)>& progress) const;

 private:
  Distance distance_;
  std::vector<std::uint32_t> order_;  // row r of the blocks is point order_[r]
  PointBlocks blocks_;
};

}  // namespace sigma
