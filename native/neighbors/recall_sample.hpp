#pragma once

#include <cstdint>
#include <vector>

#include "../support/cancellation.hpp"
#include "../support/random.hpp"
#include "point_rows.hpp"

namespace sigma {

// Some points whose true neighbors are known, against which lists of neighbors are measured.
class RecallSample {
 public:
  // Draws `size` different rows of the points, or all where there are not that many, and finds their k-th distances.
  RecallSample(const PointRows& points, std::size_t k, std::size_t size, Random random, ThreadTeam& team,
               const Cancellation& cancellation);

  // The share of the sample's true neighbors in lists of k squared distances per row, each ascending: those at the k-th
  // distance and below are true.
  double measure(const float* squared) const;

 private:
  std::size_t k_;
  std::vector<std::uint32_t> rows_;
  std::vector<float> farthest_;  // of each row, squared
};

}  // namespace sigma
