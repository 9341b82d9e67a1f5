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
// H = log S + beta <d>,  dH/dbeta = -beta Var(d),  with the averages over p_{.|i}. Adds the resulting row to `sums`.
// Distances are measured in units of their mean, so that the search can start from beta = 1 for every row. Starting
// from the precision of the previous row would take 3.8 instead of 6.3 steps, but then the last bits of a row would
// depend on the previous row.
double calibrate_row(const float* squared, std::size_t k, double target, std::vector<double>& sums,
                     std::vector<double>& excess, std::vector<double>& weights) {
  double mean_excess = 0;
  for (std::size_t j = 0; j < k; ++j) {
    excess[j] = static_cast<double>(squared[j]) - static_cast<double>(squared[0]);
    mean_excess += excess[j];
  }
  mean_excess /= static_cast<double>(k);
  if (!(mean_excess > 0)) {
    for (double& sum : sums) sum += 1.0 / static_cast<double>(k);
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
  for (std::size_t j = 0; j < k; ++j) sums[j] += weights[j] / total;
  return beta / mean_excess;
}

}  // namespace

std::size_t neighbor_count(const std::vector<double>& perplexities, std::size_t n) {
  const double largest = *std::max_element(perplexities.begin(), perplexities.end());
  return std::min(static_cast<std::size_t>(3 * largest), n - 1);
}

ConditionalAffinities calibrate(const Neighbors& neighbors, const std::vector<double>& perplexities, ThreadTeam& team,
                                const Cancellation& cancellation) {
  const std::size_t n = neighbors.count, k = neighbors.k, scales = perplexities.size();
  ConditionalAffinities result{std::vector<float>(n * k), std::vector<double>(n * scales)};
  team.for_ranges(n, kGrain, [&](std::size_t first, std::size_t last, std::size_t) {
    std::vector<double> sums(k), excess(k), weights(k);
    for (std::size_t i = first; i < last; ++i) {
      cancellation.check();
      std::fill(sums.begin(), sums.end(), 0.0);
      for (std::size_t s = 0; s < scales; ++s) {
        result.precisions[i * scales + s] =
            calibrate_row(&neighbors.squared[i * k], k, std::log(perplexities[s]), sums, excess, weights);
      }
      for (std::size_t j = 0; j < k; ++j) {
        result.values[i * k + j] = static_cast<float>(sums[j] / static_cast<double>(scales));
      }
    }
  });
  return result;
}

}  // namespace sigma
