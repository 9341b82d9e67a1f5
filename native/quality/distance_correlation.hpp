#pragma once

#include <cstdint>

#include "../neighbors/distance.hpp"
#include "../support/cancellation.hpp"
#include "../support/threads.hpp"

namespace sigma {

// A correlation over pairs, with its standard error; NaN where one side does not vary.
struct Correlation {
  double value, error;
};

// How the distances of pairs in the data go with those in the embedding.
struct DistanceCorrelation {
  Correlation pearson, spearman;
  std::size_t pairs;
};

// Over all pairs where there are no more than 200,000, with error 0; else over as many drawn at random, with
// replacement. Equal distances share the mean of their ranks. The error is that of a mean of 50 parts of the sample.
DistanceCorrelation correlate_distances(const Distance& data, const Distance& embedding, std::uint64_t seed,
                                        ThreadTeam& team, const Cancellation& cancellation);

}  // namespace sigma
