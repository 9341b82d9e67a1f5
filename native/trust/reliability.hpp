#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "../embedding/options.hpp"
#include "../neighbors/gaussians.hpp"
#include "../support/cancellation.hpp"
#include "../support/threads.hpp"

namespace sigma {

// The most points with which each point is compared.
constexpr std::size_t kMostReferences = 2000;
// The most points of the permuted data that are embedded.
constexpr std::size_t kMostPermuted = 10000;

// The reliability of each point's neighborhood (scDEED: Xia, Lee & Li 2024). It is a Pearson correlation over the
// nearest half of the other points between two lists. The first has the distances in the embedding, ordered by the
// distances in the data. The second has the same number of smallest distances in the embedding, in ascending order. The
// result is 0 if all distances in a list are equal. If there are more than kMostReferences points, the other points are
// a random sample of that size, which is the same for all points. `embedding` is n x output_dimensions, n >= 4.
std::vector<double> correlate_ordered_distances(const Gaussians& points, const std::string& distance,
                                                const std::vector<float>& embedding, int output_dimensions,
                                                std::uint64_t seed, ThreadTeam& team, const Cancellation& cancellation,
                                                const std::function<void(double)>& progress);

// The points after permuting each column at random, means together with sigmas. If there are more than kMostPermuted
// points, a random sample of that size is used.
Gaussians permute_columns(const Gaussians& points, std::uint64_t seed);

struct Reliability {
  std::vector<double> scores;       // n
  std::vector<double> null_scores;  // scores of the permuted points
};

// Computes the scores of the points, and of the points with permuted columns after embedding them with the same
// options. For the permuted points, a given start is replaced by principal components, and given neighbors by a search.
Reliability measure_reliability(const Gaussians& points, const std::vector<float>& embedding, const Options& options,
                                std::uint64_t seed, ThreadTeam& team, const Cancellation& cancellation,
                                const std::function<void(double)>& progress);

}  // namespace sigma
