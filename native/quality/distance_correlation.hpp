#pragma once

#include <cstdint>

#include "../neighbors/distance.hpp"
#include "../support/cancellation.hpp"
#include "../support/threads.hpp"

namespace sigma {

// A correlation over pairs with its standard error. NaN if one of the two distances is the same for all pairs.
struct Correlation {
  double value, error;
};

// The correlation of the distances of pairs in the data with those in the embedding.
struct DistanceCorrelation {
  Correlation pearson, spearman;
  std::size_t pairs;
};

// Uses all pairs if there are at most 200,000, with error 0. Otherwise draws that many pairs at random, with
// replacement. Equal distances share the mean of their ranks. The error is the standard error of the mean over 50 parts
// of the sample.
DistanceCorrelation correlate_distances(const Distance& data, const Distance& embedding, std::uint64_t seed,
                                        ThreadTeam& team, const Cancellation& cancellation);

}  // namespace sigma
