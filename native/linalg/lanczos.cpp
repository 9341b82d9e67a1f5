#include "lanczos.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "symmetric_eigen.hpp"

namespace sigma {
namespace {

constexpr std::size_t kGrain = 4096;
// A new direction that is shorter than this share of the product consists of rounding errors: the subspace is
// invariant.
constexpr double kRounding = 1e-12;

// Orthonormal vectors of n numbers, and the matrix A restricted to the space that they span.
class Basis {
 public:
  Basis(std::size_t n, std::size_t capacity, ThreadTeam& team)
      : n_(n), capacity_(capacity), team_(team), vectors_(n * (capacity + 1)), matrix_(capacity * capacity, 0.0) {}

  std::size_t size() const { return size_; }
  std::size_t capacity() const { return capacity_; }
  double* vector(std::size_t j) { return &vectors_[j * n_]; }
  // The memory of the next basis vector.
  double* next() { return vector(size_); }

  // Multiplies A by the last basis vector, which gives a row of the restricted matrix. The part of the product that is
  // orthogonal to the basis is scaled to unit length and stored in next(). Returns its previous length, or 0 if it is
  // only rounding.
  double expand(const SymmetricProduct& multiply) {
    ++size_;
    double* product = next();
    multiply(vector(size_ - 1), product);
    const double whole = length(product);
    // Two passes are enough (Giraud 2005).
    for (int pass = 0; pass < 2; ++pass) {
      const std::vector<double> dots = dot_all(product);
      for (std::size_t j = 0; j < size_; ++j) at(size_ - 1, j) += dots[j];
      subtract(dots, product);
    }
    for (std::size_t j = 0; j < size_; ++j) at(j, size_ - 1) = at(size_ - 1, j);
    const double rest = length(product);
    if (!(rest > kRounding * whole)) return 0;
    scale(product, 1 / rest);
    return rest;
  }

  // The eigenvectors of A within the span of the basis.
  SymmetricEigen solve(const Cancellation& cancellation) const {
    std::vector<double> square(size_ * size_);
    for (std::size_t i = 0; i < size_; ++i) {
      for (std::size_t j = 0; j < size_; ++j) square[i * size_ + j] = matrix_[i * capacity_ + j];
    }
    return solve_symmetric(std::move(square), size_, cancellation);
  }

  // Replaces the basis by its first `keep` Ritz vectors, followed by the vector in next().
  void restart(const SymmetricEigen& ritz, std::size_t keep) {
    team_.for_ranges(n_, kGrain, [&](std::size_t first, std::size_t last, std::size_t) {
      std::vector<double> combined(keep);
      for (std::size_t i = first; i < last; ++i) {
        for (std::size_t r = 0; r < keep; ++r) {
          combined[r] = 0;
          for (std::size_t j = 0; j < size_; ++j) combined[r] += ritz.vectors[r * size_ + j] * vectors_[j * n_ + i];
        }
        const double after = vectors_[size_ * n_ + i];
        for (std::size_t r = 0; r < keep; ++r) vectors_[r * n_ + i] = combined[r];
        vectors_[keep * n_ + i] = after;
      }
    });
    std::fill(matrix_.begin(), matrix_.end(), 0.0);
    size_ = keep;
    for (std::size_t r = 0; r < keep; ++r) at(r, r) = ritz.values[r];
  }

  double length(const double* x) const { return std::sqrt(dot(x, x)); }
  void scale(double* x, double factor) {
    for (std::size_t i = 0; i < n_; ++i) x[i] *= factor;
  }

 private:
  double& at(std::size_t i, std::size_t j) { return matrix_[i * capacity_ + j]; }

  double dot(const double* x, const double* y) const {
    std::vector<double> parts((n_ + kGrain - 1) / kGrain);
    team_.for_ranges(n_, kGrain, [&](std::size_t first, std::size_t last, std::size_t chunk) {
      double sum = 0;
      for (std::size_t i = first; i < last; ++i) sum += x[i] * y[i];
      parts[chunk] = sum;
    });
    double total = 0;
    for (const double part : parts) total += part;
    return total;
  }

  std::vector<double> dot_all(const double* x) const {
    const std::size_t chunks = (n_ + kGrain - 1) / kGrain;
    std::vector<double> parts(chunks * size_), dots(size_, 0.0);
    team_.for_ranges(n_, kGrain, [&](std::size_t first, std::size_t last, std::size_t chunk) {
      for (std::size_t j = 0; j < size_; ++j) {
        double sum = 0;
        for (std::size_t i = first; i < last; ++i) sum += vectors_[j * n_ + i] * x[i];
        parts[chunk * size_ + j] = sum;
      }
    });
    for (std::size_t chunk = 0; chunk < chunks; ++chunk) {
      for (std::size_t j = 0; j < size_; ++j) dots[j] += parts[chunk * size_ + j];
    }
    return dots;
  }

  void subtract(const std::vector<double>& factors, double* x) {
    team_.for_ranges(n_, kGrain, [&](std::size_t first, std::size_t last, std::size_t) {
      for (std::size_t j = 0; j < size_; ++j) {
        for (std::size_t i = first; i < last; ++i) x[i] -= factors[j] * vectors_[j * n_ + i];
      }
    });
  }

  std::size_t n_, capacity_, size_ = 0;
  ThreadTeam& team_;
  std::vector<double> vectors_, matrix_;
};

}  // namespace

LeadingEigenvectors find_leading_eigenvectors(std::size_t n, std::size_t k, const SymmetricProduct& multiply,
                                              std::vector<double> start, double tolerance, std::size_t most_products,
                                              ThreadTeam& team, const Cancellation& cancellation) {
  Basis basis(n, std::min(n, 2 * k + 30), team);
  std::copy(start.begin(), start.end(), basis.next());
  basis.scale(basis.next(), 1 / basis.length(basis.next()));
  LeadingEigenvectors result;
  for (std::size_t products = 0;;) {
    double rest = 0;
    do {
      cancellation.check();
      rest = basis.expand(multiply);
      ++products;
    } while (rest > 0 && basis.size() < basis.capacity() && products < most_products);
    const SymmetricEigen ritz = basis.solve(cancellation);
    const std::size_t found = std::min(k, basis.size());
    // The norm of the residual of a Ritz vector is `rest` times the magnitude of its last entry.
    result.has_converged = true;
    for (std::size_t r = 0; r < found; ++r) {
      const double residual = rest * std::abs(ritz.vectors[(r + 1) * basis.size() - 1]);
      result.has_converged &= residual <= tolerance;
    }
    const bool is_done = result.has_converged || products >= most_products || rest == 0;
    const std::size_t keep = is_done ? found : std::min(basis.size() - 1, k + 10);
    basis.restart(ritz, keep);
    if (!is_done) continue;
    result.values.assign(ritz.values.begin(), ritz.values.begin() + static_cast<std::ptrdiff_t>(found));
    result.vectors.assign(basis.vector(0), basis.vector(0) + found * n);
    return result;
  }
}

}  // namespace sigma
