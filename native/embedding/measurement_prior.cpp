#include "measurement_prior.hpp"

#include <algorithm>
#include <cmath>

#include "../neighbors/noise_model.hpp"

namespace sigma {
namespace {

constexpr std::size_t kCandidates = 500;
constexpr const char* kDistance = "mahalanobis-logdet";
// The square of a larger ratio of units would leave the range of float64. At this ratio the variances outweigh the
// means anyway.
constexpr double kLargestRatio = 1e100;

double estimate_floor(const Gaussians& points, ThreadTeam& team, const Cancellation& cancellation) {
  const NoiseModel model = estimate_noise_model(points, team, cancellation);
  return suggest_variance_floor(model, traits_of(kDistance), points.scale);
}

double unit_of(const Gaussians& points) {
  return std::min(points.sigma_scale / points.scale, kLargestRatio);
}

// Adds a draw from N(0, L L^T) or, without covariances, N(0, diag(sigma^2)).
void add_errors(const Gaussians& points, std::size_t row, Random& random, std::vector<double>& values) {
  const double unit = unit_of(points);
  const std::size_t d = values.size();
  if (points.factors.rows() == 0) {
    for (std::size_t k = 0; k < d; ++k) {
      values[k] += random.normal() * static_cast<double>(points.deviations.at(row, k)) * unit;
    }
    return;
  }
  for (std::size_t b = 0; b < d; ++b) {
    const double draw = random.normal() * unit;
    for (std::size_t a = b; a < d; ++a) {
      values[a] += draw * static_cast<double>(points.factors.at(row, a * (a + 1) / 2 + b));
    }
  }
}

// Adds L L^T to `matrix` (lower triangle only, row-major).
void add_covariance(const Gaussians& points, std::size_t row, std::size_t d, std::vector<double>& matrix) {
  const double unit = unit_of(points);
  for (std::size_t a = 0; a < d; ++a) {
    for (std::size_t b = 0; b <= a; ++b) {
      double sum = 0;
      for (std::size_t c = 0; c <= b; ++c) {
        sum += static_cast<double>(points.factors.at(row, a * (a + 1) / 2 + c)) *
               static_cast<double>(points.factors.at(row, b * (b + 1) / 2 + c));
      }
      matrix[a * d + b] += sum * unit * unit;
    }
  }
}

// Solves A x = b in place by Cholesky's method. A is given by its lower triangle, which is overwritten.
void solve_positive(std::vector<double>& a, std::size_t d, std::vector<double>& b) {
  for (std::size_t i = 0; i < d; ++i) {
    const double variance = a[i * d + i];
    for (std::size_t j = 0; j <= i; ++j) {
      double rest = a[i * d + j];
      for (std::size_t c = 0; c < j; ++c) rest -= a[i * d + c] * a[j * d + c];
      a[i * d + j] = j < i ? rest / a[j * d + j] : std::sqrt(std::max(rest, 1e-14 * variance));
    }
    for (std::size_t j = 0; j < i; ++j) b[i] -= a[i * d + j] * b[j];
    b[i] /= a[i * d + i];
  }
  for (std::size_t i = d; i-- > 0;) {
    for (std::size_t j = i + 1; j < d; ++j) b[i] -= a[j * d + i] * b[j];
    b[i] /= a[i * d + i];
  }
}

}  // namespace

MeasurementPrior::MeasurementPrior(const Gaussians& points, ThreadTeam& team, const Cancellation& cancellation)
    : points_(points), floor_(estimate_floor(points, team, cancellation)), factor_(1), search_([&] {
        Distance distance(kDistance, points, floor_);
        factor_ = 1 / std::max(static_cast<double>(distance.weights().spread), 1e-300);
        return QuerySearch(std::move(distance), team, cancellation);
      }()) {
  floor_ = floor_ / points.scale / points.scale;
}

MeasurementPrior::Candidates MeasurementPrior::find(const Gaussians& measurements, std::span<const std::uint32_t> own,
                                                    ThreadTeam& team, const Cancellation& cancellation) const {
  const std::size_t count = measurements.count(), k = std::min(kCandidates, points_.count() - 1);
  Neighbors near = search_.search(measurements, own, k, team, cancellation, [](std::size_t) {});
  Candidates found{k, std::move(near.indices), std::vector<double>(count * k)};
  for (std::size_t q = 0; q < count; ++q) {
    double sum = 0;
    for (std::size_t e = q * k; e < (q + 1) * k; ++e) {
      const double excess = static_cast<double>(near.squared[e]) - static_cast<double>(near.squared[q * k]);
      sum += std::exp(-0.5 * factor_ * excess);
      found.cumulated[e] = sum;
    }
  }
  return found;
}

void MeasurementPrior::draw(const Gaussians& measurements, std::size_t row, const Candidates& candidates, std::size_t q,
                            Random& random, std::span<double> out, Scratch& scratch) const {
  const std::size_t d = out.size(), k = candidates.k;
  const double* cumulated = &candidates.cumulated[q * k];
  const double chosen = random.uniform() * cumulated[k - 1];
  const auto at = static_cast<std::size_t>(std::upper_bound(cumulated, cumulated + k, chosen) - cumulated);
  const std::size_t point = candidates.points[q * k + std::min(at, k - 1)];
  scratch.near.resize(d);
  scratch.measured.resize(d);
  for (std::size_t c = 0; c < d; ++c) {
    scratch.near[c] = static_cast<double>(points_.means.at(point, c)) + random.normal() * std::sqrt(floor_);
    scratch.measured[c] = static_cast<double>(measurements.means.at(row, c));
  }
  add_errors(points_, point, random, scratch.near);
  add_errors(measurements, row, random, scratch.measured);
  combine(measurements, row, point, scratch);
  std::copy(scratch.near.begin(), scratch.near.end(), out.begin());
}

void MeasurementPrior::combine(const Gaussians& measurements, std::size_t row, std::size_t point,
                               Scratch& scratch) const {
  auto& [matrix, near, measured, weights] = scratch;
  const std::size_t d = near.size();
  if (points_.factors.rows() == 0) {
    const double unit = unit_of(points_);
    for (std::size_t k = 0; k < d; ++k) {
      const double own = static_cast<double>(measurements.deviations.at(row, k)) * unit;
      const double other = static_cast<double>(points_.deviations.at(point, k)) * unit;
      const double prior = other * other + floor_;
      near[k] += prior / (own * own + prior) * (measured[k] - near[k]);
    }
    return;
  }
  matrix.assign(d * d, 0.0);
  for (std::size_t k = 0; k < d; ++k) matrix[k * d + k] = floor_;
  add_covariance(points_, point, d, matrix);
  const std::vector<double> prior = matrix;
  add_covariance(measurements, row, d, matrix);
  weights.resize(d);
  for (std::size_t k = 0; k < d; ++k) weights[k] = measured[k] - near[k];
  solve_positive(matrix, d, weights);
  for (std::size_t a = 0; a < d; ++a) {
    for (std::size_t b = 0; b < d; ++b) near[a] += prior[std::max(a, b) * d + std::min(a, b)] * weights[b];
  }
}

}  // namespace sigma
