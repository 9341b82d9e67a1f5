#include "distance.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace sigma {
namespace {

// Relative rounding errors of a packed coordinate and of sums in float64. A row whose length is below these errors has
// no direction.
constexpr double kPackedRounding = 1.2e-7, kSumRounding = 1e-14;

const DistanceKernel* find_in(std::span<const DistanceKernel> kernels, std::string_view name) {
  for (const DistanceKernel& kernel : kernels) {
    if (name == kernel.name) return &kernel;
  }
  return nullptr;
}

const DistanceKernel* find(std::string_view name) {
  return find_in(distance_kernels().all, name);
}

// The expected distance depends only on the traces of covariances, so standard deviations are enough for it.
bool needs_no_covariances(const DistanceTraits& traits) {
  return !traits.uses_sigma() || traits.spread == Spread::total;
}

const DistanceKernel* find_for(std::string_view name, const Gaussians& points) {
  const DistanceKernel* kernel = find(name);
  if (kernel == nullptr) throw std::invalid_argument("unknown distance: " + std::string(name));
  if (points.factors.rows() == 0 || needs_no_covariances(kernel->traits)) return kernel;
  kernel = find_in(distance_kernels().with_covariances, name);
  if (kernel == nullptr) throw std::invalid_argument("distance does not support covariances: " + std::string(name));
  return kernel;
}

// The least variance, as a share of the largest one. With it, the reciprocal of the variance, squared differences
// divided by the variance, and sums of these over all coordinates stay in the range of float32.
constexpr double kLeastVariance = 1e-30;

// Computes row i as the caller gave it, divided by the scale of the points and by its length. Returns false if the row
// has no direction.
bool make_direction(const Gaussians& points, std::size_t i, bool centered, std::vector<double>& row) {
  const std::size_t d = points.input_dimensions();
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
  // A row whose length is zero relative to its distance from the origin has no direction either.
  if (!(length > kPackedRounding * std::sqrt(packed) + kSumRounding * std::sqrt(whole))) return false;
  for (double& x : row) x /= length;
  return true;
}

// The mean of the directions of all rows, and whether every row has a direction. Subtracting the mean does not change
// differences, but it saves digits of float32.
struct MeanDirection {
  std::vector<double> mean;
  bool all_directed;
};

MeanDirection find_mean_direction(const Gaussians& points, bool centered) {
  const std::size_t n = points.count(), d = points.input_dimensions();
  std::vector<double> row(d), mean(d, 0.0);
  std::size_t directed = 0;
  for (std::size_t i = 0; i < n; ++i) {
    if (!make_direction(points, i, centered, row)) continue;
    ++directed;
    for (std::size_t k = 0; k < d; ++k) mean[k] += row[k];
  }
  for (double& x : mean) x /= static_cast<double>(directed > 0 ? directed : 1);
  return {std::move(mean), directed == n};
}

// Coordinate of a row in an extra column. It places the row at the same distance from all rows that have a direction.
// It is used if the points have no extra column for rows without a direction.
constexpr float kAside = 1e9f;

// The directions of the rows minus `mean`. Rows without a direction are marked: by 1 in column d if `columns` is larger
// than d, else by kAside in column 0.
PackedMatrix make_directions(const Gaussians& points, bool centered, const std::vector<double>& mean,
                             std::size_t columns) {
  const std::size_t n = points.count(), d = points.input_dimensions();
  std::vector<double> row(d);
  PackedMatrix directions(n, columns);
  for (std::size_t i = 0; i < n; ++i) {
    if (make_direction(points, i, centered, row)) {
      for (std::size_t k = 0; k < d; ++k) directions.at(i, k) = static_cast<float>(row[k] - mean[k]);
    } else {
      for (std::size_t k = 0; k < d; ++k) directions.at(i, k) = static_cast<float>(-mean[k]);
      directions.at(i, columns > d ? d : 0) = columns > d ? 1.0f : kAside;
    }
  }
  return directions;
}

// The mean of the standard deviations, and the common unit of means and standard deviations. The unit is the spread of
// the wider of the two.
struct JoinedFrame {
  std::vector<double> center;
  double unit;
};

JoinedFrame find_joined_frame(const Gaussians& points) {
  const std::size_t n = points.count(), d = points.input_dimensions();
  std::vector<double> center(d, 0.0);
  double spread = 0;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t k = 0; k < d; ++k) center[k] += static_cast<double>(points.deviations.at(i, k));
  }
  for (double& x : center) x /= static_cast<double>(n);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t k = 0; k < d; ++k) {
      spread = std::max(spread, std::abs(static_cast<double>(points.deviations.at(i, k)) - center[k]));
    }
  }
  return {std::move(center), std::max(points.scale, points.sigma_scale * spread)};
}

// Stores the means and the standard deviations of each point side by side.
PackedMatrix join_deviations(const Gaussians& points, const std::vector<double>& center, double unit) {
  constexpr std::size_t kBlock = PackedMatrix::kBlock;
  const std::size_t n = points.count(), d = points.input_dimensions();
  const double of_means = points.scale / unit, of_deviations = points.sigma_scale / unit;
  PackedMatrix joined(n, 2 * d);
  for (std::size_t i = 0; i < n; ++i) {
    float* row = joined.block(i / kBlock) + i % kBlock;
    for (std::size_t k = 0; k < d; ++k) {
      const auto mean = static_cast<double>(points.means.at(i, k));
      const auto deviation = static_cast<double>(points.deviations.at(i, k));
      row[k * kBlock] = static_cast<float>(mean * of_means);
      row[(d + k) * kBlock] = static_cast<float>((deviation - center[k]) * of_deviations);
    }
  }
  return joined;
}

// sigma^2 + floor as a share of `largest`. The unused rows of the last block get a variance too; otherwise a tile would
// divide zero by zero.
PackedMatrix make_variances(const Gaussians& points, double floor, double largest) {
  PackedMatrix variances(points.count(), points.input_dimensions());
  const std::size_t size = variances.blocks() * PackedMatrix::kBlock * points.input_dimensions();
  const float* deviations = points.deviations.block(0);
  float* out = variances.block(0);
  for (std::size_t e = 0; e < size; ++e) {
    const double deviation = static_cast<double>(deviations[e]) * points.sigma_scale;
    out[e] = static_cast<float>(std::max((deviation * deviation + floor) / largest, kLeastVariance));
  }
  return variances;
}

// Differences from the center, in units of the standard deviation between neighborhoods. They are 0 if that standard
// deviation is 0, and limited so that their squares stay in the range of float32.
PackedMatrix standardize(const Gaussians& points, const CoordinateSpread& spread) {
  constexpr double kLargest = 1e14;
  PackedMatrix coordinates(points.count(), points.input_dimensions());
  for (std::size_t k = 0; k < points.input_dimensions(); ++k) {
    if (spread.between[k] == 0) continue;
    const double unit = std::sqrt(spread.between[k]);
    for (std::size_t i = 0; i < points.count(); ++i) {
      const double x = (static_cast<double>(points.means.at(i, k)) - spread.center[k]) / unit;
      coordinates.at(i, k) = static_cast<float>(std::clamp(x, -kLargest, kLargest));
    }
  }
  return coordinates;
}

// Computes B / (S + sigma^2) for each coordinate of each point.
PackedMatrix make_reliabilities(const Gaussians& points, const CoordinateSpread& spread) {
  constexpr double kLargestRatio = 1e100;
  const double ratio = std::min(points.sigma_scale / points.scale, kLargestRatio);
  PackedMatrix reliabilities(points.count(), points.input_dimensions());
  for (std::size_t i = 0; i < points.count(); ++i) {
    for (std::size_t k = 0; k < points.input_dimensions(); ++k) {
      const double deviation = static_cast<double>(points.deviations.at(i, k)) * ratio;
      reliabilities.at(i, k) = static_cast<float>(spread.between[k] / (spread.variance[k] + deviation * deviation));
    }
  }
  return reliabilities;
}

// The sum of the squared standard deviations of each point, in units of sigma_scale squared, minus the least of these
// sums.
std::vector<double> sum_deviations(const Gaussians& points) {
  std::vector<double> totals(points.count(), 0.0);
  for (std::size_t i = 0; i < points.count(); ++i) {
    for (std::size_t k = 0; k < points.input_dimensions(); ++k) {
      const auto deviation = static_cast<double>(points.deviations.at(i, k));
      totals[i] += deviation * deviation;
    }
  }
  const double least = *std::min_element(totals.begin(), totals.end());
  for (double& total : totals) total -= least;
  return totals;
}

// Weights for terms in units of mean_unit^2 and of spread_unit^2. A square may leave the range of float64; in this case
// the ratio of the weights no longer matters.
DistanceWeights weigh(double mean_unit, double spread_unit) {
  const double ratio = mean_unit / spread_unit;
  return {static_cast<float>(std::min(1.0, ratio * ratio)), static_cast<float>(std::min(1.0, 1 / (ratio * ratio)))};
}

}  // namespace

double* borrow_covariance_scratch(std::size_t count) {
  thread_local AlignedVector<double> scratch;
  if (scratch.size() < count) scratch.resize(count);
  return scratch.data();
}

bool uses_covariances(std::string_view name) {
  const DistanceKernel* kernel = find(name);
  return find_in(distance_kernels().with_covariances, name) != nullptr ||
         (kernel != nullptr && needs_no_covariances(kernel->traits));
}

std::span<const DistanceKernel> all_distances() {
  return distance_kernels().all;
}

std::string_view simplest_distance(std::string_view name, const Gaussians& points) {
  const DistanceKernel* kernel = find(name);
  const bool is_plain = kernel != nullptr && kernel->traits.is_plain_for_equal_sigma && points.sigma_is_equal;
  return is_plain ? "euclidean" : name;
}

const DistanceTraits& traits_of(std::string_view name) {
  const DistanceKernel* kernel = find(name);
  if (kernel == nullptr) throw std::invalid_argument("unknown distance: " + std::string(name));
  return kernel->traits;
}

Distance::Distance(std::string_view name, const Gaussians& points, double variance_floor)
    : kernel_(find_for(name, points)), points_(&points) {
  if (traits().uses_sigma() && points.deviations.rows() != points.count()) {
    throw std::invalid_argument("distance needs sigma: " + std::string(name));
  }
  const bool centered = traits().coordinates == Coordinates::centered_unit_rows;
  if (traits().coordinates == Coordinates::unit_rows || centered) {
    MeanDirection direction = find_mean_direction(points, centered);
    preparation_.center = std::move(direction.mean);
    preparation_.columns = points.input_dimensions() + (direction.all_directed ? 0 : 1);
  } else if (traits().coordinates == Coordinates::means_and_deviations) {
    JoinedFrame frame = find_joined_frame(points);
    preparation_.center = std::move(frame.center);
    preparation_.unit = frame.unit;
    preparation_.columns = 2 * points.input_dimensions();
  }
  if (traits().spread == Spread::reliabilities) {
    if (!points.coordinate_spread)
      throw std::invalid_argument("distance needs estimates of the coordinate spread: " + std::string(name));
    preparation_.spread = points.coordinate_spread;
  }
  if (traits().has_floor()) {
    if (!(variance_floor > 0)) throw std::invalid_argument("distance needs a variance floor: " + std::string(name));
    const double floor = variance_floor * (traits().spread == Spread::half_floored_variances ? 0.5 : 1);
    const double sigma_squared = points.sigma_scale * points.sigma_scale, largest = sigma_squared + floor;
    preparation_.variance_floor = floor;
    weights_ = weigh(points.scale, std::sqrt(largest));
    weights_.covariance = sigma_squared / largest;
    weights_.floor = std::max(floor / largest, kLeastVariance);
  } else if (traits().spread == Spread::covariances) {
    weights_ = weigh(points.scale, points.sigma_scale);
  }
  prepare();
  if (traits().spread == Spread::total) {
    const std::vector<double> totals = sum_deviations(points);
    const double largest = *std::max_element(totals.begin(), totals.end()), unit = largest > 0 ? largest : 1;
    weights_ = weigh(points.scale, points.sigma_scale * std::sqrt(unit));
    for (std::size_t i = 0; i < points.count(); ++i) {
      spread_.at(i, 0) = static_cast<float>(totals[i] / unit * static_cast<double>(weights_.spread));
    }
  }
}

Distance::Distance(const Distance& like, const Gaussians& points)
    : kernel_(like.kernel_), points_(&points), weights_(like.weights_), preparation_(like.preparation_) {
  if (traits().uses_sigma() && points.deviations.rows() != points.count()) {
    throw std::invalid_argument("distance needs sigma: " + std::string(kernel_->name));
  }
  if (traits().has_covariances() && points.factors.rows() != points.count()) {
    throw std::invalid_argument("distance needs covariances: " + std::string(kernel_->name));
  }
  // The total of a query is a constant in all its distances to the points of `like`, so 0 can be used as the least
  // total.
  prepare();
}

void Distance::prepare() {
  switch (traits().coordinates) {
    case Coordinates::means:
      break;
    case Coordinates::unit_rows:
    case Coordinates::centered_unit_rows:
      coordinates_ = make_directions(*points_, traits().coordinates == Coordinates::centered_unit_rows,
                                     preparation_.center, preparation_.columns);
      break;
    case Coordinates::means_and_deviations:
      coordinates_ = join_deviations(*points_, preparation_.center, preparation_.unit);
      break;
    case Coordinates::standardized:
      coordinates_ = standardize(*points_, *preparation_.spread);
  }
  if (traits().spread == Spread::reliabilities) {
    spread_ = make_reliabilities(*points_, *preparation_.spread);
  } else if (traits().has_variances()) {
    const double floor = preparation_.variance_floor;
    spread_ = make_variances(*points_, floor, points_->sigma_scale * points_->sigma_scale + floor);
  } else if (traits().spread == Spread::total) {
    spread_ = PackedMatrix(points_->count(), 1);
  }
}

}  // namespace sigma
