#include "perplexity.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace sigma {
namespace {

constexpr double kEntropyTolerance = 1e-9;
constexpr int kMaxSteps = 200;
constexpr std::size_t kGrain = 256;

// Newton's method on the entropy as a function of beta, kept inside a bracket that bisection narrows:
// H = log S + beta <d>,  dH/dbeta = -beta Var(d),  with the averages over p_{.|i}.
double calibrate_row(const float* squared, std::size_t k, double target, float* row, std::vector<double>& excess,
                     std::vector<double>& weights) {
  double mean_excess = 0;
  for (std::size_t j = 0; j < k; ++j) {
    excess[j] = static_cast<double>(squared[j]) - static_cast<double>(squared[0]);
    mean_excess += excess[j];
  }
  mean_excess /= static_cast<double>(k);
  if (!(mean_excess > 0)) {
    std::fill(row, row + k, static_cast<float>(1.0 / static_cast<double>(k)));
    return 0;
  }
  for (std::size_t j = 0; j < k; ++j) excess[j] /= mean_excess;
  double low = 0, high = std::numeric_limits<double>::infinity(), beta = 1, total = 1;
  for (int step = 0; step < kMaxSteps; ++step) {
    double first = 0, second = 0;
    total = 0;
    for (std::size_t j = 0; j < k; ++j) {
      const double weight = std::exp(-beta * excess[j]);
      weights[j] = weight;
      total += weight;
      first += weight * excess[j];
      second += weight * excess[j] * excess[j];
    }
    first /= total;
    second /= total;
    const double error = std::log(total) + beta * first - target;
    if (std::abs(error) < kEntropyTolerance) break;
    (error > 0 ? low : high) = beta;
    const double slope = beta * (second - first * first);
    const double newton = beta + error / slope;
    const bool inside = std::isfinite(newton) && newton > low && newton < high && newton < 8 * beta;
    beta = inside ? newton : std::isinf(high) ? 2 * beta : (low + high) / 2;
    if (beta > 1e15) break;
  }
  for (std::size_t j = 0; j < k; ++j) row[j] = static_cast<float>(weights[j] / total);
  return beta / mean_excess;
}

}  // namespace

ConditionalAffinities calibrate(const Neighbors& neighbors, double perplexity, ThreadTeam& team,
                                const Cancellation& cancellation) {
  const std::size_t n = neighbors.count, k = neighbors.k;
  ConditionalAffinities result{std::vector<float>(n * k), std::vector<double>(n)};
  const double target = std::log(perplexity);
  team.for_ranges(n, kGrain, [&](std::size_t first, std::size_t last, std::size_t) {
    cancellation.check();
    std::vector<double> excess(k), weights(k);
    for (std::size_t i = first; i < last; ++i) {
      result.precisions[i] =
          calibrate_row(&neighbors.squared[i * k], k, target, &result.values[i * k], excess, weights);
    }
  });
  return result;
}

}  // namespace sigma
