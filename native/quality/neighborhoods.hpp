#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "../support/cancellation.hpp"
#include "distance_rows.hpp"

namespace sigma {

// How well points keep their neighborhoods in the embedding. r(i, j) is the rank of j among the other points of i in
// the data (1 is the nearest), and r'(i, j) the rank in the embedding. Ties are broken by index. With g = n k (2 n - 3
// k - 1) / 2 (Venna & Kaski 2001; 2006, eqs. 1 and 2):
//   kept(i) = |{j: r <= k, r' <= k}| / k
//   trustworthiness(i) = 1 - n / g sum of r(i, j) - k over the j with r' <= k < r
//   continuity(i)      = 1 - n / g sum of r'(i, j) - k over the j with r <= k < r'
// The measures are the means of these numbers over all points.
struct Neighborhoods {
  std::vector<double> kept, trustworthiness, continuity;  // points x sizes
  // The nearest points in the embedding, nearest first: points x `listed`.
  std::vector<std::uint32_t> in_embedding;
  std::size_t listed = 0;
};

// Compares neighborhoods for the given points and every k in `sizes`, each 1 <= k < n / 2. Returns `listed` < n
// neighbors in the embedding. Each of the points is compared with all n points.
Neighborhoods compare_neighborhoods(const DistanceRows& data, const DistanceRows& embedding,
                                    std::span<const std::uint32_t> points, std::span<const std::size_t> sizes,
                                    std::size_t listed, ThreadTeam& team, const Cancellation& cancellation,
                                    const std::function<void(double)>& progress);

}  // namespace sigma
