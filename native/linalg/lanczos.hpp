#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "../support/cancellation.hpp"
#include "../support/random.hpp"
#include "../support/threads.hpp"

namespace sigma {

struct LeadingEigenvectors {
  std::vector<double> values;   // k, largest first
  std::vector<double> vectors;  // k x n, orthonormal rows
  bool has_converged = false;
};

// out = A x for vectors of n numbers.
using SymmetricProduct = std::function<void(const double* x, double* out)>;

// Finds the largest eigenvalues of a symmetric matrix A and their eigenvectors, using only products with A. The method
// is Lanczos' method with full orthogonalization, restarted with the best Ritz vectors (Wu & Simon 2000, SIAM J. Matrix
// Anal. Appl. 22, algorithm 1). At most 2 k + 30 vectors of n numbers are in memory. `start` has n numbers, not all 0.
// Eigenvectors orthogonal to `start` are not found, so a start that is 0 outside an invariant subspace confines the
// search to this subspace. The search ends when all k residuals |A v - lambda v| are below `tolerance`, or after
// `most_products` products. Fewer than k vectors are returned if the subspace of the start has fewer dimensions. Sums
// run over chunks in a fixed order, so the number of threads does not change the result.
LeadingEigenvectors find_leading_eigenvectors(std::size_t n, std::size_t k, const SymmetricProduct& multiply,
                                              std::vector<double> start, double tolerance, std::size_t most_products,
                                              ThreadTeam& team, const Cancellation& cancellation);

}  // namespace sigma
