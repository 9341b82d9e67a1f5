#include "distance.hpp"

#include <cmath>
#include <stdexcept>
#include <string>
#include <vector>

namespace sigma {
namespace {

// Relative rounding of a packed coordinate and of sums in float64: a row that is shorter has no direction.
constexpr double kPackedRounding = 1.2e-7, kSumRounding = 1e-14;

const DistanceKernel* find(std::string_view name) {
  for (const DistanceKernel& kernel : distance_kernels().all) {
    if (name == kernel.name) return &kernel;
  }
  return nullptr;
}

// Row i as the caller gave it, divided by the points' scale, to unit length; false if it has no direction.
bool make_direction(const Gaussians& points, std::size_t i, bool centered, std::vector<double>& row) {
  const std::size_t d = points.dims();
  double packed = 0, whole = 0, sum = 0;
  for (std::size_t k = 0; k < d; ++k) {
    const auto deviation = static_cast<double>(points.means.at(i, k));
    row[k] = deviation + points.center[k] / points.scale;
    packed += deviation * deviation;
    whole += row[k] * row[k];
    sum += row[k];
  }
  const double mean = centered ? sum / static_cast<double>(d) : 0;
  double squares = 0;
  for (double& x : row) {
    x -= mean;
    squares += x * x;
  }
  const double length = std::sqrt(squares);
  if (length <= kPackedRounding * std::sqrt(packed) + kSumRounding * std::sqrt(whole)) return false;
  for (double& x : row) x /= length;
  return true;
}

// The rows' directions, less their mean, which no difference minds but float32 does. Where there are rows without a
// direction, a further column holds theirs.
PackedMatrix make_directions(const Gaussians& points, bool centered) {
  const std::size_t n = points.count(), d = points.dims();
  std::vector<double> row(d), mean(d, 0.0);
  std::vector<bool> has_direction(n);
  std::size_t directed = 0;
  for (std::size_t i = 0; i < n; ++i) {
    has_direction[i] = make_direction(points, i, centered, row);
    if (!has_direction[i]) continue;
    ++directed;
    for (std::size_t k = 0; k < d; ++k) mean[k] += row[k];
  }
  PackedMatrix directions(n, directed == n ? d : d + 1);
  for (double& x : mean) x /= static_cast<double>(directed > 0 ? directed : 1);
  for (std::size_t i = 0; i < n; ++i) {
    if (has_direction[i]) {
      make_direction(points, i, centered, row);
    } else {
      row.assign(d, 0.0);
      directions.at(i, d) = 1.0f;
    }
    for (std::size_t k = 0; k < d; ++k) directions.at(i, k) = static_cast<float>(row[k] - mean[k]);
  }
  return directions;
}

}  // namespace

std::optional<bool> uses_sigma(std::string_view name) {
  const DistanceKernel* kernel = find(name);
  return kernel != nullptr ? std::optional<bool>(kernel->uses_sigma) : std::nullopt;
}

Distance::Distance(std::string_view name, const Gaussians& points) : kernel_(find(name)), points_(&points) {
  if (kernel_ == nullptr) throw std::invalid_argument("unknown distance: " + std::string(name));
  if (kernel_->uses_sigma && points.variances.rows() != points.count()) {
    throw std::invalid_argument("distance needs sigma: " + std::string(name));
  }
  if (kernel_->preparation != Preparation::none) {
    prepared_ = make_directions(points, kernel_->preparation == Preparation::centered_unit_rows);
  }
}

}  // namespace sigma
