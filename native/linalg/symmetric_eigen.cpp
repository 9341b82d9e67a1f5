#include "symmetric_eigen.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace sigma {
namespace {

constexpr int kMaxSweeps = 60;

// Reduces a to the tridiagonal form T = Q^T A Q. T has the diagonal `diagonal`, and off[i] is its entry between i and i
// + 1. The rows of `basis` become the columns of Q.
void tridiagonalize(std::vector<double>& a, std::size_t n, std::vector<double>& diagonal, std::vector<double>& off,
                    std::vector<double>& basis, const Cancellation& cancellation) {
  basis.assign(n * n, 0.0);
  for (std::size_t i = 0; i < n; ++i) basis[i * n + i] = 1.0;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = i + 1; j < n; ++j) a[i * n + j] = a[j * n + i];
  }
  std::vector<double> v(n), w(n);
  for (std::size_t k = 0; k + 2 < n; ++k) {
    cancellation.check();
    // A reflection I - 2 v v^T / |v|^2 that clears column k below its subdiagonal.
    double squared = 0;
    for (std::size_t i = k + 1; i < n; ++i) squared += a[i * n + k] * a[i * n + k];
    const double head = a[(k + 1) * n + k];
    const double length = std::sqrt(squared);
    if (squared - head * head <= std::numeric_limits<double>::min()) continue;
    const double target = head > 0 ? -length : length;
    for (std::size_t i = k + 1; i < n; ++i) v[i] = a[i * n + k];
    v[k + 1] -= target;
    double norm = 0;
    for (std::size_t i = k + 1; i < n; ++i) norm += v[i] * v[i];
    const double factor = 2.0 / norm;
    // A <- A - v w^T - w v^T with w = factor (A v) - (factor^2 / 2) (v^T A v) v, on the trailing part.
    double inner = 0;
    for (std::size_t i = k + 1; i < n; ++i) {
      double product = 0;
      for (std::size_t j = k + 1; j < n; ++j) product += a[i * n + j] * v[j];
      w[i] = factor * product;
      inner += w[i] * v[i];
    }
    for (std::size_t i = k + 1; i < n; ++i) w[i] -= 0.5 * factor * inner * v[i];
    for (std::size_t i = k + 1; i < n; ++i) {
      for (std::size_t j = k + 1; j < n; ++j) a[i * n + j] -= v[i] * w[j] + w[i] * v[j];
    }
    a[(k + 1) * n + k] = a[k * n + k + 1] = target;
    for (std::size_t i = k + 2; i < n; ++i) a[i * n + k] = a[k * n + i] = 0;
    // basis <- H basis: each reflection acts on the coordinates k + 1 to n - 1.
    std::fill(w.begin(), w.end(), 0.0);
    for (std::size_t i = k + 1; i < n; ++i) {
      for (std::size_t j = 0; j < n; ++j) w[j] += v[i] * basis[i * n + j];
    }
    for (std::size_t i = k + 1; i < n; ++i) {
      for (std::size_t j = 0; j < n; ++j) basis[i * n + j] -= factor * v[i] * w[j];
    }
  }
  for (std::size_t i = 0; i < n; ++i) {
    diagonal[i] = a[i * n + i];
    off[i] = i + 1 < n ? a[(i + 1) * n + i] : 0.0;
  }
}

// Rotates rows i and i + 1 of the basis by the angle with cosine c and sine s.
void rotate_rows(std::vector<double>& basis, std::size_t n, std::size_t i, double c, double s) {
  double* upper = &basis[i * n];
  double* lower = &basis[(i + 1) * n];
  for (std::size_t j = 0; j < n; ++j) {
    const double u = upper[j], l = lower[j];
    lower[j] = s * u + c * l;
    upper[j] = c * u - s * l;
  }
}

void diagonalize(std::vector<double>& diagonal, std::vector<double>& off, std::vector<double>& basis, std::size_t n,
                 const Cancellation& cancellation) {
  for (std::size_t first = 0; first < n; ++first) {
    cancellation.check();
    for (int sweep = 0; sweep < kMaxSweeps; ++sweep) {
      std::size_t last = first;
      while (last + 1 < n && std::abs(off[last]) > std::numeric_limits<double>::epsilon() *
                                                       (std::abs(diagonal[last]) + std::abs(diagonal[last + 1]))) {
        ++last;
      }
      if (last == first) break;
      // Wilkinson's shift, followed by one pass that chases the bulge from the bottom up.
      const double half = (diagonal[first + 1] - diagonal[first]) / (2.0 * off[first]);
      const double root = std::hypot(half, 1.0);
      double g = diagonal[last] - diagonal[first] + off[first] / (half + std::copysign(root, half));
      double s = 1, c = 1, p = 0;
      bool broken = false;
      for (std::size_t i = last; i-- > first;) {
        const double f = s * off[i], b = c * off[i];
        const double r = std::hypot(f, g);
        off[i + 1] = r;
        if (r == 0) {
          diagonal[i + 1] -= p;
          off[last] = 0;
          broken = true;
          break;
        }
        s = f / r;
        c = g / r;
        g = diagonal[i + 1] - p;
        const double t = (diagonal[i] - g) * s + 2.0 * c * b;
        p = s * t;
        diagonal[i + 1] = g + p;
        g = c * t - b;
        rotate_rows(basis, n, i, c, s);
      }
      if (broken) continue;
      diagonal[first] -= p;
      off[first] = g;
      off[last] = 0;
    }
  }
}

}  // namespace

SymmetricEigen solve_symmetric(std::vector<double> matrix, std::size_t n, const Cancellation& cancellation) {
  std::vector<double> diagonal(n), off(n), basis;
  tridiagonalize(matrix, n, diagonal, off, basis, cancellation);
  diagonalize(diagonal, off, basis, n, cancellation);
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return diagonal[a] > diagonal[b]; });
  SymmetricEigen result{std::vector<double>(n), std::vector<double>(n * n)};
  for (std::size_t r = 0; r < n; ++r) {
    result.values[r] = diagonal[order[r]];
    std::copy_n(basis.begin() + static_cast<std::ptrdiff_t>(order[r] * n), n,
                result.vectors.begin() + static_cast<std::ptrdiff_t>(r * n));
  }
  return result;
}

}  // namespace sigma
