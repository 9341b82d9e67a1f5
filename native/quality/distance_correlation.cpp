#include "distance_correlation.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include "../support/random.hpp"

namespace sigma {
namespace {

constexpr std::size_t kPairs = 200'000, kParts = 50, kGrain = 1000;

using Pair = std::pair<std::uint32_t, std::uint32_t>;

std::vector<Pair> all_pairs(std::size_t n) {
  std::vector<Pair> pairs;
  for (std::uint32_t i = 0; i < n; ++i) {
    for (std::uint32_t j = i + 1; j < n; ++j) pairs.push_back({i, j});
  }
  return pairs;
}

std::vector<Pair> draw_pairs(std::size_t n, Random random) {
  std::vector<Pair> pairs(kPairs);
  for (auto& [i, j] : pairs) {
    i = static_cast<std::uint32_t>(random.bits() % n);
    j = static_cast<std::uint32_t>(random.bits() % (n - 1));
    j += j >= i;
  }
  return pairs;
}

// If the distance can be negative, it has no square root and is used as it is.
double length(const Distance& distance, const Pair& pair) {
  const double squared = distance.squared(pair.first, pair.second);
  return distance.traits().may_be_negative ? squared : std::sqrt(squared);
}

double correlate(std::span<const double> x, std::span<const double> y) {
  const auto count = static_cast<double>(x.size());
  const double x_mean = std::accumulate(x.begin(), x.end(), 0.0) / count;
  const double y_mean = std::accumulate(y.begin(), y.end(), 0.0) / count;
  double xx = 0, yy = 0, xy = 0;
  for (std::size_t e = 0; e < x.size(); ++e) {
    const double dx = x[e] - x_mean, dy = y[e] - y_mean;
    xx += dx * dx;
    yy += dy * dy;
    xy += dx * dy;
  }
  return std::clamp(xy / (std::sqrt(xx) * std::sqrt(yy)), -1.0, 1.0);
}

std::vector<double> rank(std::span<const double> values) {
  std::vector<std::uint32_t> order(values.size());
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) { return values[a] < values[b]; });
  std::vector<double> ranks(values.size());
  for (std::size_t first = 0; first < order.size();) {
    std::size_t last = first + 1;
    while (last < order.size() && values[order[last]] == values[order[first]]) ++last;
    for (std::size_t e = first; e < last; ++e) ranks[order[e]] = static_cast<double>(first + last - 1) / 2;
    first = last;
  }
  return ranks;
}

double correlate_ranks(std::span<const double> x, std::span<const double> y) {
  return correlate(rank(x), rank(y));
}

template <class Measure>
Correlation estimate(const std::vector<double>& x, const std::vector<double>& y, bool is_sample, Measure&& measure) {
  const double value = measure(x, y);
  if (!is_sample) return {value, 0};
  const std::size_t size = x.size() / kParts;
  double sum = 0, squares = 0;
  for (std::size_t part = 0; part < kParts; ++part) {
    const double deviation =
        measure(std::span(x).subspan(part * size, size), std::span(y).subspan(part * size, size)) - value;
    sum += deviation;
    squares += deviation * deviation;
  }
  const double variance = (squares - sum * sum / kParts) / (kParts - 1);
  return {value, std::sqrt(std::max(variance, 0.0) / kParts)};
}

}  // namespace

DistanceCorrelation correlate_distances(const Distance& data, const Distance& embedding, std::uint64_t seed,
                                        ThreadTeam& team, const Cancellation& cancellation) {
  const std::size_t n = data.count();
  const bool is_sample = n * (n - 1) / 2 > kPairs;
  const std::vector<Pair> pairs = is_sample ? draw_pairs(n, Random(seed)) : all_pairs(n);
  std::vector<double> in_data(pairs.size()), in_embedding(pairs.size());
  team.for_ranges(pairs.size(), kGrain, [&](std::size_t first, std::size_t last, std::size_t) {
    cancellation.check();
    for (std::size_t e = first; e < last; ++e) {
      in_data[e] = length(data, pairs[e]);
      in_embedding[e] = length(embedding, pairs[e]);
    }
  });
  return {estimate(in_data, in_embedding, is_sample, correlate),
          estimate(in_data, in_embedding, is_sample, correlate_ranks), pairs.size()};
}

}  // namespace sigma
