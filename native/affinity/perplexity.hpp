#pragma once

#include <functional>
#include <vector>

#include "../neighbors/neighbors.hpp"
#include "../support/cancellation.hpp"
#include "../support/threads.hpp"

namespace sigma {

// p_{j|i} over the k neighbors of each point (van der Maaten & Hinton 2008, eq. 1).
struct ConditionalAffinities {
  std::vector<float> values;       // n x k, each row sums to 1
  std::vector<double> precisions;  // n x perplexities: beta_i = 1 / (2 sigma_i^2), in units of 1 / squared distance
};

// The number of neighbors per point that the affinities of n points need: 3 times the largest perplexity.
std::size_t neighbor_count(const std::vector<double>& perplexities, std::size_t n);

// For every point and perplexity, finds the precision at which the entropy of p_{.|i} is log(perplexity), and averages
// p_{.|i} over the perplexities (Lee, Peluffo-Ordonez & Verleysen 2015; with freely chosen scales as in Kobak & Berens
// 2019). No precision reaches this entropy if more neighbors are equally near than the perplexity. In this case the
// nearest neighbors get equal affinities.
ConditionalAffinities calibrate(const Neighbors& neighbors, const std::vector<double>& perplexities, ThreadTeam& team,
                                const Cancellation& cancellation);

}  // namespace sigma
