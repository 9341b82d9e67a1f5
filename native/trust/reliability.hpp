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

// Points that each point is compared with, at most.
constexpr std::size_t kMostReferences = 2000;
// Points of the permuted data that are embedded, at most.
constexpr std::size_t kMostPermuted = 10000;

// The reliability of each point's neighborhood (scDEED: Xia, Lee & Li 2024): the Pearson correlation, over the nearest
// half of the other points, of the distances in the embedding in the order of the distances in the data with the same
// number of smallest distances in the embedding in their own order. 0 where a distance does not vary. Where there are
// more than kMostReferences points, the other points are a random sample of that size, the same for all points.
// `embedding` is n x output_dimensions, n >= 4.
std::vector<double> correlate_ordered_distances(const Gaussians& points, const std::string& distance,
                                                const std::vector<float>& embedding, int output_dimensions,
                                                std::uint64_t seed, ThreadTeam& team, const Cancellation& cancellation,
                                                const std::function<void(double)>& progress);

// The points with the values of each column, mean and sigma together, in another random order. Where there are more
// than kMostPermuted points, of a random sample of that size.
Gaussians permute_columns(const Gaussians& points, std::uint64_t seed);

struct Reliability {
  std::vector<double> scores;       // n
  std::vector<double> null_scores;  // of the permuted points
};

// The scores of the points, and of the points with permuted columns after these have been embedded with the same
// options; a given start is replaced by principal components, and given neighbors by a search.
Reliability measure_reliability(const Gaussians& points, const std::vector<float>& embedding, const Options& options,
                                std::uint64_t seed, ThreadTeam& team, const Cancellation& cancellation,
                                const std::function<void(double)>& progress);

}  // namespace sigma
