#pragma once

#include <cstddef>
#include <optional>

#include "gaussians.hpp"

namespace sigma {

// How the covariances of points are given: d x d matrices; factors F of d x r numbers, C = F F^T + diag(sigma^2); or m
// draws of d numbers, whose sample covariance with the divisor m - 1 is taken.
enum class CovarianceForm { matrices, factors, draws };

struct CovarianceView {
  NumberView numbers;  // rows x (d x d, d x r or m x d), row-major
  CovarianceForm form = CovarianceForm::matrices;
  std::size_t inner = 0;            // d, r or m
  std::optional<NumberView> sigma;  // rows x d, for factors
};

// Adds the covariances C_i of the points, and the floor of those distances that need one; 0 stands for one that
// resolve_noise estimates. The points keep a lower triangular L with C = L L^T of each, so that C has no negative
// eigenvalue however it is rounded. Pivots of Cholesky's method below a rounding of the variance, 1e-10 of it or 1e-7
// for float32, are raised to that: C may be singular. The deviations of the points are the roots of the diagonals.
//
// Throws BadValue for a number that is not finite, for a matrix that is not symmetric (entries that differ by more than
// 1e-6 of the product of the standard deviations, 1e-4 for float32) and for one with a negative eigenvalue.
void pack_covariances(Gaussians& points, const CovarianceView& covariances, double variance_floor);

// The same for other points in the frame of a run.
void pack_query_covariances(Gaussians& queries, const CovarianceView& covariances, const Frame& frame);

}  // namespace sigma
