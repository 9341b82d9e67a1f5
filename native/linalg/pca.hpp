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
  std::vector<double> variances;   // k variances of the scores, largest first (divisor n - 1)
  PackedMatrix scores;             // n x k, products of the rows with the components
  // d, the mean of the rows if they were centered here; empty if the caller had centered them
  std::vector<double> mean;
};

// Rows after moving far rows nearer.
struct NearRows {
  PackedMatrix rows;         // centered, in units of `typical`
  std::vector<double> mean;  // in the same units
  double typical = 0;        // median over the original rows of their largest magnitude
};

// If rows are more than kFarRow times as far from zero as a typical row, moves them toward zero to `limit` times the
// distance of a typical row. Their direction stays the same. Returns nothing if no row is that far.
constexpr double kFarRow = 1e4;
std::optional<NearRows> draw_in_far_rows(const PackedMatrix& rows, double limit);

// Computes principal components of centered rows; 1 <= k <= min(n, d). The result is exact (eigenvectors of the
// covariance) for up to a few hundred columns. If k is small compared to the number of columns, the method is
// randomized subspace iteration (Halko, Martinsson & Tropp 2011, algorithm 4.4). The square of a far row would leave no
// digits for the other rows. Far rows therefore count as rows at kFarRow times the typical distance, and all rows are
// centered again.
Pca find_principal_components(const PackedMatrix& rows, std::size_t k, Random& random, ThreadTeam& team,
                              const Cancellation& cancellation);

// The oversampling of the randomized search, which requires 2 (k + kOversampling) <= min(n, d).
constexpr std::size_t kOversampling = 12;

// Computes principal components of a sparse matrix, always by the randomized search and without making the matrix
// dense: a product with the centered rows x - mean is x v minus a constant. `mean` of the result is the mean of the
// columns. In addition to the matrix, the search needs d (k + 12) numbers for each of up to 16 stretches of rows, but
// at most 256 MiB.
Pca find_principal_components(const SparseMatrix& rows, std::size_t k, Random& random, ThreadTeam& team,
                              const Cancellation& cancellation);

}  // namespace sigma
