#include "gaussians.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "../linalg/matrix_kernels.hpp"
#include "../support/errors.hpp"
#include "outliers.hpp"

namespace sigma {
namespace {

// The limit for the standard deviations of queries, like kFarthestQuery for their means.
constexpr double kLargestQuerySigma = 1e6;

double largest_magnitude(NumberView data, std::size_t rows, std::size_t cols, bool negative_allowed) {
  double largest = 0;
  for (std::size_t i = 0; i < rows * cols; ++i) {
    const double value = data.at(i);
    if (!std::isfinite(value)) throw BadValue(BadValue::Reason::not_finite, value, i / cols, i % cols);
    if (value < 0 && !negative_allowed) throw BadValue(BadValue::Reason::negative, value, i / cols, i % cols);
    largest = std::max(largest, std::abs(value));
  }
  return largest;
}

// Centers the data at the median. Values beyond kFarthestValue are moved to this limit.
Gaussians pack_robustly(NumberView data, std::size_t rows, RobustFrame frame) {
  const std::size_t cols = frame.center.size();
  Gaussians points;
  const double limit = std::min(frame.farthest.times, kFarthestValue) * frame.typical;
  points.scale = std::min(limit, std::numeric_limits<double>::max());
  points.means = PackedMatrix(rows, cols);
  for (std::size_t i = 0, index = 0; i < rows; ++i) {
    for (std::size_t k = 0; k < cols; ++k) {
      // The difference of two finite numbers may be infinite, but not after it is limited.
      const double offset = std::clamp(data.at(index++) - frame.center[k], -points.scale, points.scale);
      points.means.at(i, k) = static_cast<float>(offset / points.scale);
    }
  }
  points.center = std::move(frame.center);
  points.far_value = frame.farthest;
  return points;
}

}  // namespace

void make_room_for_spread(Gaussians& rows, const Gaussians& points) {
  if (points.deviations.rows() > 0) rows.deviations = PackedMatrix(rows.count(), points.deviations.cols());
  if (points.factors.rows() > 0) rows.factors = PackedMatrix(rows.count(), points.factors.cols());
}

void copy_spread(const Gaussians& points, std::size_t point, Gaussians& rows, std::size_t to) {
  for (std::size_t k = 0; k < rows.deviations.cols(); ++k) rows.deviations.at(to, k) = points.deviations.at(point, k);
  for (std::size_t e = 0; e < rows.factors.cols(); ++e) rows.factors.at(to, e) = points.factors.at(point, e);
}

Gaussians pack_means(NumberView data, std::size_t rows, std::size_t cols) {
  const double largest = largest_magnitude(data, rows, cols, true);
  if (std::optional<RobustFrame> frame = find_robust_frame(data, rows, cols)) {
    return pack_robustly(data, rows, std::move(*frame));
  }
  const double unit = largest > 0 ? largest : 1;
  Gaussians points;
  points.center.assign(cols, 0.0);
  for (std::size_t i = 0, index = 0; i < rows; ++i) {
    for (std::size_t k = 0; k < cols; ++k) points.center[k] += data.at(index++) / unit;
  }
  for (double& mean : points.center) mean /= static_cast<double>(std::max<std::size_t>(rows, 1));
  double spread = 0;
  for (std::size_t i = 0, index = 0; i < rows; ++i) {
    for (std::size_t k = 0; k < cols; ++k) {
      spread = std::max(spread, std::abs(data.at(index++) / unit - points.center[k]));
    }
  }
  if (spread == 0) spread = 1;
  points.means = PackedMatrix(rows, cols);
  for (std::size_t i = 0, index = 0; i < rows; ++i) {
    for (std::size_t k = 0; k < cols; ++k) {
      points.means.at(i, k) = static_cast<float>((data.at(index++) / unit - points.center[k]) / spread);
    }
  }
  // The scale must not be 0, even if all data are denormal, because distances and new points are divided by it.
  points.scale = std::max(unit * spread, std::numeric_limits<double>::denorm_min());
  for (double& mean : points.center) mean *= unit;
  return points;
}

void pack_sigma(Gaussians& points, NumberView sigma, double variance_floor) {
  const std::size_t rows = points.count(), cols = points.input_dimensions();
  const double typical = typical_sigma(sigma, rows, cols);
  const double limit = typical > 0 ? std::min(kFarthestValue * typical, kLargestSigma) : kLargestSigma;
  const double largest = std::min(largest_magnitude(sigma, rows, cols, false), limit);
  points.sigma_scale = largest > 0 ? largest : 1;
  points.variance_floor = variance_floor;
  points.deviations = PackedMatrix(rows, cols);
  points.sigma_is_equal = true;
  for (std::size_t i = 0, index = 0; i < rows; ++i) {
    for (std::size_t k = 0; k < cols; ++k) {
      const double deviation = std::min(sigma.at(index++), limit) / points.sigma_scale;
      points.deviations.at(i, k) = static_cast<float>(deviation);
      points.sigma_is_equal &= points.deviations.at(i, k) == points.deviations.at(0, 0);
    }
  }
}

Gaussians pack_queries(NumberView data, std::size_t rows, const Frame& frame, ThreadTeam& team) {
  const std::size_t cols = frame.center.size();
  largest_magnitude(data, rows, cols, true);
  Gaussians queries;
  queries.scale = frame.scale;
  queries.means = PackedMatrix(rows, cols);
  std::vector<double> row(cols);
  for (std::size_t i = 0; i < rows; ++i) {
    double largest = 0, magnitude = 0;
    bool is_finite = true;
    for (std::size_t k = 0; k < cols; ++k) {
      // Divide before subtracting, because the difference of two finite numbers may be infinite.
      row[k] = data.at(i * cols + k) / frame.scale - frame.center[k] / frame.scale;
      is_finite &= std::isfinite(row[k]);
      largest = std::max(largest, std::abs(row[k]));
      magnitude = std::max(magnitude, std::abs(data.at(i * cols + k)));
    }
    const double nearer = is_finite ? std::min(1.0, kFarthestQuery / largest) : 0;
    for (std::size_t k = 0; k < cols; ++k) {
      const double offset = is_finite ? row[k] * nearer : data.at(i * cols + k) / magnitude * kFarthestQuery;
      queries.means.at(i, k) = static_cast<float>(offset);
    }
  }
  if (frame.components > 0) {
    PackedMatrix scores(rows, frame.components);
    team.for_each(scores.blocks(), [&](std::size_t b, unsigned) {
      matrix_kernels().project(queries.means.block(b), cols, frame.axes.data(), frame.components, scores.block(b));
    });
    queries.means = std::move(scores);
    queries.center.assign(frame.components, 0.0);
  } else {
    queries.center = frame.center;
  }
  return queries;
}

void pack_query_sigma(Gaussians& queries, NumberView sigma, const Frame& frame) {
  const std::size_t rows = queries.count(), cols = queries.input_dimensions();
  largest_magnitude(sigma, rows, cols, false);
  queries.sigma_scale = frame.sigma_scale;
  queries.deviations = PackedMatrix(rows, cols);
  for (std::size_t i = 0, index = 0; i < rows; ++i) {
    for (std::size_t k = 0; k < cols; ++k) {
      const double deviation = std::min(sigma.at(index++), kLargestSigma) / frame.sigma_scale;
      queries.deviations.at(i, k) = static_cast<float>(std::min(deviation, kLargestQuerySigma));
    }
  }
}

}  // namespace sigma
