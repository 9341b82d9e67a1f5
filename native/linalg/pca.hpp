#pragma once

#include <vector>

#include "../support/cancellation.hpp"
#include "../support/random.hpp"
#include "../support/threads.hpp"
#include "packed_matrix.hpp"

namespace sigma {

struct Pca {
  std::vector<double> components;  // k x d, orthonormal rows; the largest entry of each is positive
  std::vector<double> variances;   // k, of the scores, largest first (divisor n - 1)
  PackedMatrix scores;             // n x k
};

// Principal components of centered rows; 1 <= k <= min(n, d). Exact, by the covariance's eigenvectors, for up to a few
// hundred columns; by randomized subspace iteration (Halko, Martinsson & Tropp 2011, algorithm 4.4) where k is small
// beside them.
Pca find_principal_components(const PackedMatrix& rows, std::size_t k, Random& random, ThreadTeam& team,
                              const Cancellation& cancellation);

}  // namespace sigma
