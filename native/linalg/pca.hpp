#pragma once

#include <optional>
#include <vector>

#include "../support/cancellation.hpp"
#include "../support/random.hpp"
#include "../support/threads.hpp"
#include "packed_matrix.hpp"
#include "sparse_matrix.hpp"

namespace sigma {

struct Pca {
  std::vector<double> components;  // k x d, orthonormal rows; the largest entry of each is positive
  std::vector<double> variances;   // k, of the scores, largest first (divisor n - 1)
  PackedMatrix scores;             // n x k, the rows times the components
  std::vector<double> mean;        // d, of the rows where they were centered here; empty where the caller had done it
};

// Rows without far ones.
struct NearRows {
  PackedMatrix rows;         // centered, in units of `typical`
  std::vector<double> mean;  // in the same units
  double typical = 0;        // the median, over the rows as given, of the largest magnitude
};

// Draws rows that are more than kFarRow times as far from zero as a typical row nearer, in their own direction, until
// they are at `limit` times the distance of a typical row. Returns nothing if no row is that far.
constexpr double kFarRow = 1e4;
std::optional<NearRows> draw_in_far_rows(const PackedMatrix& rows, double limit);

// Principal components of centered rows; 1 <= k <= min(n, d). Exact, by the covariance's eigenvectors, for up to a few
// hundred columns; by randomized subspace iteration (Halko, Martinsson & Tropp 2011, algorithm 4.4) where k is small
// compared to them. The square of a far row would leave no digits to the others: far rows count as rows at kFarRow
// times the typical distance, and all are centered again.
Pca find_principal_components(const PackedMatrix& rows, std::size_t k, Random& random, ThreadTeam& team,
                              const Cancellation& cancellation);

// The oversampling of the randomized search: it needs 2 (k + kOversampling) <= min(n, d).
constexpr std::size_t kOversampling = 12;

// The same of a sparse matrix, always by the randomized search and without making it dense: a product with the centered
// rows x - mean is x v less a constant. `mean` of the result is that of the columns. Beside the matrix, d (k + 12)
// numbers are in memory for each of up to 16 stretches of rows, but at most 256 MiB.
Pca find_principal_components(const SparseMatrix& rows, std::size_t k, Random& random, ThreadTeam& team,
                              const Cancellation& cancellation);

}  // namespace sigma
