#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "../support/cancellation.hpp"
#include "distance_rows.hpp"

namespace sigma {

// How well some points keep their neighborhoods in the embedding. With r(i, j) the rank of j among the others of i in
// the data, 1 the nearest, and r'(i, j) that in the embedding, ties broken by index, and g = n k (2 n - 3 k - 1) / 2
// (Venna & Kaski 2001; 2006, eqs. 1 and 2):
//   kept(i) = |{j: r <= k, r' <= k}| / k
//   trustworthiness(i) = 1 - n / g sum of r(i, j) - k over the j with r' <= k < r
//   continuity(i)      = 1 - n / g sum of r'(i, j) - k over the j with r <= k < r'
// Their means over all points are the measures.
struct Neighborhoods {
  std::vector<double> kept, trustworthiness, continuity;  // points x sizes
  // The nearest in the embedding, nearest first: points x `listed`.
  std::vector<std::uint32_t> in_embedding;
  std::size_t listed = 0;
};

// For the given points and every k of `sizes`, each 1 <= k < n / 2; `listed` < n neighbors in the embedding are given
// back. Compares each of the points with all n.
Neighborhoods compare_neighborhoods(const DistanceRows& data, const DistanceRows& embedding,
                                    std::span<const std::uint32_t> points, std::span<const std::size_t> sizes,
                                    std::size_t listed, ThreadTeam& team, const Cancellation& cancellation,
                                    const std::function<void(double)>& progress);

}  // namespace sigma
