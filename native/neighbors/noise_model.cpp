#include "noise_model.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "../support/random.hpp"
#include "query_search.hpp"

namespace sigma {
namespace {

constexpr std::size_t kNeighbors = 15;
constexpr int kPriorIterations = 50, kNeighborIterations = 40;
// The estimates are means over this many rows and 15 times as many pairs. Their relative error is about 1 %.
constexpr std::size_t kPriorRows = 10'000, kQueryRows = 2'000;
// The number of pairs that the search for the neighbors of the sample may compare. It keeps the search a small part of
// a run on a million points.
constexpr std::size_t kComparisons = 400'000'000, kLeastQueryRows = 400;
constexpr std::uint64_t kSeed = 1;
// W_k as a share of S_k at the start of the iteration.
constexpr double kFirstShare = 0.1;
// The square of a larger ratio of units would leave the range of float64. At this ratio the variances outweigh the
// means anyway.
constexpr double kLargestRatio = 1e100;

// Keeps the floor positive and finite, also for data such as 1e-200 or 1e200, whose squares underflow or overflow.
double clamp_floor(double floor) {
  return std::clamp(floor, std::numeric_limits<double>::min(), 1e300);
}

std::vector<std::uint32_t> draw_rows(std::size_t count, std::size_t size) {
  std::vector<std::uint32_t> rows(count);
  std::iota(rows.begin(), rows.end(), 0u);
  if (size >= count) return rows;
  Random random(kSeed);
  for (std::size_t i = 0; i < size; ++i) std::swap(rows[i], rows[i + random.bits() % (count - i)]);
  rows.resize(size);
  return rows;
}

// Coordinates and variances of points, in units of the scale of the means.
class Coordinates64 {
 public:
  explicit Coordinates64(const Gaussians& points)
      : points_(points), ratio_(std::min(points.sigma_scale / points.scale, kLargestRatio)) {}
  double mean(std::size_t i, std::size_t k) const { return static_cast<double>(points_.means.at(i, k)); }
  double variance(std::size_t i, std::size_t k) const {
    const double deviation = static_cast<double>(points_.deviations.at(i, k)) * ratio_;
    return deviation * deviation;
  }

 private:
  const Gaussians& points_;
  double ratio_;
};

struct Prior {
  double mean, variance;
  bool is_measured;
};

// Whether S is significantly above its standard error. Without noise, S is sqrt(n / 2) times its standard error.
bool stands_out(double s, const std::vector<double>& v) {
  constexpr double kStandardErrors = 3;
  double information = 0;
  for (const double noise : v) information += 1 / ((s + noise) * (s + noise));
  const double ratio = s * std::sqrt(information / 2), most = std::sqrt(static_cast<double>(v.size()) / 2);
  return ratio >= std::min(kStandardErrors, most / 2);
}

// The mean over the measured coordinates. If no coordinate is measured, the mean over all coordinates.
double mean_over_measured(const std::vector<double>& values, const std::vector<bool>& is_measured) {
  double sum = 0, count = 0;
  for (std::size_t k = 0; k < values.size(); ++k) {
    if (!is_measured[k]) continue;
    sum += values[k];
    ++count;
  }
  if (count > 0) return sum / count;
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

// Estimates m_k and S_k by expectation maximization. The posterior of a true coordinate has the mean (S y + v m) / (S +
// v) and the variance S v / (S + v).
Prior estimate_prior(const std::vector<double>& y, const std::vector<double>& v) {
  constexpr double kTiny = 1e-12;
  const auto n = static_cast<double>(y.size());
  const auto mean_of = [n](const std::vector<double>& values) {
    return std::accumulate(values.begin(), values.end(), 0.0) / n;
  };
  double m = mean_of(y), squares = 0;
  for (const double value : y) squares += (value - m) * (value - m);
  double s = std::max(squares / n - mean_of(v), 0.02 * squares / n) + kTiny;
  std::vector<double> posterior(y.size());
  for (int iteration = 0; iteration < kPriorIterations; ++iteration) {
    double left = 0;
    for (std::size_t i = 0; i < y.size(); ++i) {
      posterior[i] = (s * y[i] + v[i] * m) / (s + v[i]);
      left += s * v[i] / (s + v[i]);
    }
    m = mean_of(posterior);
    double spread = 0;
    for (const double value : posterior) spread += (value - m) * (value - m);
    s = (spread + left) / n + kTiny;
  }
  return {m, s, stands_out(s, v)};
}

// W_k from the squared differences and summed variances of pairs.
double estimate_neighbor_variance(const std::vector<double>& squared, const std::vector<double>& noise, double s) {
  double w = kFirstShare * s;
  // For equal points without noise, w falls to 0 and the loop ends.
  for (int iteration = 0; iteration < kNeighborIterations && w > 0; ++iteration) {
    double sum = 0;
    for (std::size_t e = 0; e < squared.size(); ++e) {
      const double g = 2 * w / (2 * w + noise[e]);
      sum += g * g * squared[e] + g * noise[e];
    }
    w = sum / static_cast<double>(squared.size()) / 2;
  }
  return std::clamp(w, 0.003 * s, 0.9 * s);
}

Gaussians take_rows(const Gaussians& points, const std::vector<std::uint32_t>& rows) {
  const std::size_t d = points.input_dimensions();
  Gaussians taken;
  taken.center = points.center;
  taken.scale = points.scale;
  taken.sigma_scale = points.sigma_scale;
  taken.means = PackedMatrix(rows.size(), d);
  make_room_for_spread(taken, points);
  for (std::size_t r = 0; r < rows.size(); ++r) {
    for (std::size_t k = 0; k < d; ++k) taken.means.at(r, k) = points.means.at(rows[r], k);
    copy_spread(points, rows[r], taken, r);
  }
  return taken;
}

}  // namespace

NoiseModel estimate_noise_model(const Gaussians& points, ThreadTeam& team, const Cancellation& cancellation) {
  const std::size_t n = points.count(), d = points.input_dimensions();
  const Coordinates64 at(points);
  NoiseModel model{std::vector<double>(d), std::vector<double>(d), std::vector<double>(d), {}};
  // A byte per coordinate instead of std::vector<bool>, because threads must not write to neighboring bits.
  std::vector<std::uint8_t> is_measured(d);
  const std::vector<std::uint32_t> rows = draw_rows(n, kPriorRows);
  team.for_each(d, [&](std::size_t k, unsigned) {
    cancellation.check();
    std::vector<double> y(rows.size()), v(rows.size());
    for (std::size_t r = 0; r < rows.size(); ++r) {
      y[r] = at.mean(rows[r], k);
      v[r] = at.variance(rows[r], k);
    }
    const Prior prior = estimate_prior(y, v);
    model.mean[k] = prior.mean;
    model.variance[k] = prior.variance;
    is_measured[k] = prior.is_measured;
  });
  model.is_measured.assign(is_measured.begin(), is_measured.end());

  const std::size_t k_neighbors = std::min(kNeighbors, n - 1);
  if (k_neighbors == 0) {
    for (std::size_t k = 0; k < d; ++k) model.neighbor_variance[k] = kFirstShare * model.variance[k];
    return model;
  }
  const std::vector<std::uint32_t> own = draw_rows(n, std::clamp(kComparisons / n, kLeastQueryRows, kQueryRows));
  const Gaussians queries = take_rows(points, own);
  const double floor = 0.2 * mean_over_measured(model.variance, model.is_measured) * points.scale * points.scale;
  const QuerySearch search(Distance("inverse-variance", points, clamp_floor(floor)), team, cancellation);
  const Neighbors near = search.search(queries, own, k_neighbors, team, cancellation, [](std::size_t) {});

  team.for_each(d, [&](std::size_t k, unsigned) {
    cancellation.check();
    std::vector<double> squared(near.indices.size()), noise(near.indices.size());
    for (std::size_t e = 0; e < near.indices.size(); ++e) {
      const std::size_t i = own[e / k_neighbors], j = near.indices[e];
      const double difference = at.mean(i, k) - at.mean(j, k);
      squared[e] = difference * difference;
      noise[e] = at.variance(i, k) + at.variance(j, k);
    }
    model.neighbor_variance[k] = estimate_neighbor_variance(squared, noise, model.variance[k]);
  });
  return model;
}

double suggest_variance_floor(const NoiseModel& model, const DistanceTraits& traits, double scale) {
  const double mean = mean_over_measured(model.neighbor_variance, model.is_measured);
  const double factor = traits.spread == Spread::floored_variances ? 1 : 2;
  return clamp_floor(factor * mean * scale * scale);
}

CoordinateSpread find_coordinate_spread(const NoiseModel& model) {
  // A coordinate with smaller values could get all the weight by chance. The limits are shares of the largest S and of
  // the coordinate's own S.
  constexpr double kLeastVariance = 1e-4, kLeastBetween = 1e-3;
  const std::size_t d = model.variance.size();
  const bool any = std::find(model.is_measured.begin(), model.is_measured.end(), true) != model.is_measured.end();
  const auto counts = [&](std::size_t k) { return !any || model.is_measured[k]; };
  double largest = 0;
  for (std::size_t k = 0; k < d; ++k) {
    if (counts(k)) largest = std::max(largest, model.variance[k]);
  }
  CoordinateSpread spread{model.mean, std::vector<double>(d), std::vector<double>(d)};
  for (std::size_t k = 0; k < d; ++k) {
    const double s = spread.variance[k] = std::max(model.variance[k], kLeastVariance * largest);
    spread.between[k] = counts(k) ? std::max(s - model.neighbor_variance[k], kLeastBetween * s) : 0;
  }
  return spread;
}

void resolve_noise(Gaussians& points, std::string_view distance, ThreadTeam& team, const Cancellation& cancellation) {
  // Neighbors that were given for points without standard deviations may come from a distance that has no name here.
  if (points.deviations.rows() == 0) return;
  const DistanceTraits& traits = traits_of(distance);
  const bool needs_floor = traits.has_floor() && !(points.variance_floor > 0);
  const bool needs_spread = traits.spread == Spread::reliabilities && !points.coordinate_spread;
  if (!needs_floor && !needs_spread) return;
  const NoiseModel model = estimate_noise_model(points, team, cancellation);
  if (needs_floor) points.variance_floor = suggest_variance_floor(model, traits, points.scale);
  if (needs_spread) points.coordinate_spread = find_coordinate_spread(model);
}

}  // namespace sigma
