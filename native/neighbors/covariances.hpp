#pragma once

#include <cstddef>
#include <optional>

#include "gaussians.hpp"

namespace sigma {

// The form in which the covariances of points are given: d x d matrices; factors F with d x r numbers, for C = F F^T +
// diag(sigma^2); or m draws of d numbers, from which the sample covariance is computed with the divisor m - 1.
enum class CovarianceForm { matrices, factors, draws };

struct CovarianceView {
  NumberView numbers;  // rows x (d x d, d x r or m x d), row-major
  CovarianceForm form = CovarianceForm::matrices;
  std::size_t inner = 0;            // d, r or m
  std::optional<NumberView> sigma;  // rows x d, for factors
};

// Adds the covariances C_i to the points, and the variance floor for the distances that need one. A floor of 0 means
// that resolve_noise estimates it. Each point stores a lower triangular L with C = L L^T, so that rounding cannot give
// C a negative eigenvalue. C may be singular: pivots of Cholesky's method below 1e-10 of the variance (1e-7 for
// float32) are raised to this limit. The standard deviations of the points are the square roots of the diagonals.
//
// Throws BadValue for a number that is not finite, for a matrix with a negative eigenvalue, and for a matrix that is
// not symmetric (entries that differ by more than 1e-6, for float32 1e-4, of the product of the standard deviations).
void pack_covariances(Gaussians& points, const CovarianceView& covariances, double variance_floor);

// Does the same for new points, in the frame of an existing run.
void pack_query_covariances(Gaussians& queries, const CovarianceView& covariances, const Frame& frame);

}  // namespace sigma
