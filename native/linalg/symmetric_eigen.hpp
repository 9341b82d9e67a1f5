#pragma once

#include <cstddef>
#include <vector>

#include "../support/cancellation.hpp"

namespace sigma {

// Eigenvalues of a symmetric matrix, largest first, with their orthonormal eigenvectors.
struct SymmetricEigen {
  std::vector<double> values;   // n
  std::vector<double> vectors;  // n x n, row r belongs to values[r]
};

// `matrix` is n x n, row-major, and only its lower triangle is read. The method takes O(n^3): reduction to
// Householder's tridiagonal form, then the implicit QL algorithm (Golub & Van Loan, Matrix Computations, 8.3).
SymmetricEigen solve_symmetric(std::vector<double> matrix, std::size_t n, const Cancellation& cancellation);

}  // namespace sigma
