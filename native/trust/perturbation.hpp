#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "../embedding/placement.hpp"

namespace sigma {

struct PerturbationOptions {
  double length = 0;  // (>= 0) length of the moves in the caller's units; 0 means half the typical neighbor distance
  std::size_t directions = 3;  // (>= 1) leading principal components of the points; at most as many as columns
  std::vector<double> perplexities{30};
  double exaggeration = 1;         // factor of the attraction
  std::uint64_t iterations = 100;  // the most iterations per minimization
  std::uint64_t seed = 42;         // for the principal components
};

struct Perturbation {
  std::vector<float> scores;  // n: in units of the embedding
  double length = 0;          // in the caller's units
  std::size_t directions = 0;
};

// Moves each point by `length` along each direction, and finds its new position in an embedding without the point. The
// score is the largest distance between a new position and the point's own position (Liu, Ma & Zhong 2025).
//
// A new position minimizes the point's own cost, with all other points fixed,
//   C(y) = sum_j a_j log(1 / w_j) + n / 2 log(Z' + 2 sum_j w_j),  a_j = n p_ij,  w_j = 1 / (1 + |y - y_j|^2),
// where Z' is the sum of w over all pairs of other points. p_ij is the symmetrized affinity of the moved point: p_{j|i}
// is calibrated again, and p_{i|j} uses the old precision of point j. If point j has i among its neighbors but is not
// one of the new neighbors of i, it keeps its p_{i|j}. The minimization starts at the point's own position and at the
// positions of the two points with the largest affinities. The result with the least cost is used.
Perturbation measure_perturbation(const FittedEmbedding& embedding, const PerturbationOptions& options,
                                  ThreadTeam& team, const Cancellation& cancellation,
                                  const FittedEmbedding::OnShare& progress);

}  // namespace sigma
