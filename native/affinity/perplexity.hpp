#pragma once

#include <functional>
#include <vector>

#include "../neighbors/neighbors.hpp"
#include "../support/cancellation.hpp"
#include "../support/threads.hpp"

namespace sigma {

// p_{j|i} over the k neighbours of each point (van der Maaten & Hinton 2008, eq. 1).
struct ConditionalAffinities {
  std::vector<float> values;       // n x k, each row sums to 1
  std::vector<double> precisions;  // n: beta_i = 1 / (2 sigma_i^2), in units of 1 / squared distance
};

// Finds for every point the precision at which the entropy of p_{.|i} is log(perplexity). Where no precision reaches it
// (more equally near neighbours than the perplexity), the nearest share the row evenly.
ConditionalAffinities calibrate(const Neighbors& neighbors, double perplexity, ThreadTeam& team,
                                const Cancellation& cancellation);

}  // namespace sigma
