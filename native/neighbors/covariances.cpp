#include "covariances.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "../support/errors.hpp"

namespace sigma {
namespace {

// Tolerances relative to the standard deviations, for float64 and float32.
struct Rounding {
  double asymmetry, negative, pivot;
};
constexpr Rounding kDouble{1e-6, 1e-8, 1e-10}, kSingle{1e-4, 1e-5, 1e-7};

// The covariance of one point in float64, row-major. It reports invalid values with their row and column.
class PointCovariance {
 public:
  PointCovariance(const CovarianceView& view, std::size_t d)
      : view_(view), d_(d), rounding_(view.numbers.f32 != nullptr ? kSingle : kDouble), matrix_(d * d), mean_(d) {}

  // Computes C of one point and replaces its lower triangle by L.
  void factorize(std::size_t row) {
    read(row);
    for (std::size_t a = 0; a < d_; ++a) {
      const double variance = at(a, a);
      for (std::size_t b = 0; b <= a; ++b) {
        double rest = at(a, b);
        for (std::size_t c = 0; c < b; ++c) rest -= at(a, c) * at(b, c);
        if (b < a) {
          at(a, b) = at(b, b) > 0 ? rest / at(b, b) : 0;
          continue;
        }
        if (rest < -rounding_.negative * variance) {
          throw BadValue(BadValue::Reason::negative_eigenvalue, rest, row, a);
        }
        at(a, a) = std::sqrt(std::max(rest, rounding_.pivot * variance));
      }
    }
  }
  double at(std::size_t a, std::size_t b) const { return matrix_[a * d_ + b]; }

 private:
  double& at(std::size_t a, std::size_t b) { return matrix_[a * d_ + b]; }
  double number(std::size_t row, std::size_t width, std::size_t column) const {
    const double value = view_.numbers.at(row * width + column);
    if (!std::isfinite(value)) throw BadValue(BadValue::Reason::not_finite, value, row, column);
    return value;
  }

  void read(std::size_t row) {
    if (view_.form == CovarianceForm::matrices) return read_matrix(row);
    if (view_.form == CovarianceForm::factors) return read_factors(row);
    read_draws(row);
  }
  void read_matrix(std::size_t row) {
    for (std::size_t e = 0; e < d_ * d_; ++e) matrix_[e] = number(row, d_ * d_, e);
    for (std::size_t a = 0; a < d_; ++a) {
      if (at(a, a) < 0) throw BadValue(BadValue::Reason::negative_variance, at(a, a), row, a * d_ + a);
    }
    for (std::size_t a = 0; a < d_; ++a) {
      for (std::size_t b = 0; b < a; ++b) {
        const double deviations = std::sqrt(at(a, a)) * std::sqrt(at(b, b));
        if (std::abs(at(a, b) - at(b, a)) > rounding_.asymmetry * deviations) {
          throw BadValue(BadValue::Reason::not_symmetric, at(a, b), row, a * d_ + b);
        }
        // This also rejects a nonzero covariance with a coordinate whose variance is 0.
        if (std::abs(at(a, b)) > (1 + rounding_.asymmetry) * deviations) {
          throw BadValue(BadValue::Reason::negative_eigenvalue, at(a, b), row, a * d_ + b);
        }
        at(a, b) = (at(a, b) + at(b, a)) / 2;
      }
    }
  }
  void read_factors(std::size_t row) {
    const std::size_t r = view_.inner;
    factors_.resize(d_ * r);
    for (std::size_t e = 0; e < d_ * r; ++e) factors_[e] = number(row, d_ * r, e);
    for (std::size_t a = 0; a < d_; ++a) {
      for (std::size_t b = 0; b <= a; ++b) {
        double sum = 0;
        for (std::size_t c = 0; c < r; ++c) sum += factors_[a * r + c] * factors_[b * r + c];
        at(a, b) = sum;
      }
      if (!view_.sigma) continue;
      const double sigma = view_.sigma->at(row * d_ + a);
      if (!std::isfinite(sigma)) throw BadValue(BadValue::Reason::not_finite, sigma, row, a);
      if (sigma < 0) throw BadValue(BadValue::Reason::negative, sigma, row, a);
      at(a, a) += sigma * sigma;
    }
  }
  void read_draws(std::size_t row) {
    const std::size_t m = view_.inner;
    factors_.resize(m * d_);
    std::fill(mean_.begin(), mean_.end(), 0.0);
    for (std::size_t e = 0; e < m * d_; ++e) {
      factors_[e] = number(row, m * d_, e);
      mean_[e % d_] += factors_[e] / static_cast<double>(m);
    }
    for (std::size_t e = 0; e < m * d_; ++e) factors_[e] -= mean_[e % d_];
    for (std::size_t a = 0; a < d_; ++a) {
      for (std::size_t b = 0; b <= a; ++b) {
        double sum = 0;
        for (std::size_t s = 0; s < m; ++s) sum += factors_[s * d_ + a] * factors_[s * d_ + b];
        at(a, b) = sum / static_cast<double>(m - 1);
      }
    }
  }

  const CovarianceView& view_;
  std::size_t d_;
  Rounding rounding_;
  std::vector<double> matrix_, mean_, factors_;
};

// Calls take(row, a, b, L_ab) for every entry of the lower triangle of every point.
template <class Take>
void factorize_all(const CovarianceView& covariances, std::size_t rows, std::size_t d, Take&& take) {
  PointCovariance point(covariances, d);
  for (std::size_t i = 0; i < rows; ++i) {
    point.factorize(i);
    for (std::size_t a = 0; a < d; ++a) {
      for (std::size_t b = 0; b <= a; ++b) take(i, a, b, static_cast<const PointCovariance&>(point).at(a, b));
    }
  }
}

// The square roots of the diagonals of L L^T, n x d.
std::vector<double> find_deviations(const CovarianceView& covariances, std::size_t rows, std::size_t d) {
  std::vector<double> deviations(rows * d, 0.0);
  factorize_all(covariances, rows, d,
                [&](std::size_t i, std::size_t a, std::size_t, double l) { deviations[i * d + a] += l * l; });
  for (double& variance : deviations) variance = std::sqrt(variance);
  return deviations;
}

// Stores the factors in units of sigma_scale. If packing limited a standard deviation, the row of L is limited to
// match.
void pack_factors(Gaussians& points, const CovarianceView& covariances, const std::vector<double>& deviations) {
  const std::size_t d = points.input_dimensions();
  points.factors = PackedMatrix(points.count(), d * (d + 1) / 2);
  factorize_all(covariances, points.count(), d, [&](std::size_t i, std::size_t a, std::size_t b, double l) {
    const double whole = deviations[i * d + a];
    const double packed = static_cast<double>(points.deviations.at(i, a));
    points.factors.at(i, a * (a + 1) / 2 + b) = static_cast<float>(whole > 0 ? l / whole * packed : 0);
  });
}

}  // namespace

void pack_covariances(Gaussians& points, const CovarianceView& covariances, double variance_floor) {
  const std::vector<double> deviations = find_deviations(covariances, points.count(), points.input_dimensions());
  pack_sigma(points, {nullptr, deviations.data()}, variance_floor);
  pack_factors(points, covariances, deviations);
  // Even covariances that are equal for all points stretch the space, so no distance reduces to the Euclidean one.
  points.sigma_is_equal = false;
}

void pack_query_covariances(Gaussians& queries, const CovarianceView& covariances, const Frame& frame) {
  const std::vector<double> deviations = find_deviations(covariances, queries.count(), queries.input_dimensions());
  pack_query_sigma(queries, {nullptr, deviations.data()}, frame);
  pack_factors(queries, covariances, deviations);
}

}  // namespace sigma
