// Functions that the fuzzers of runs share.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string>
#include <vector>

#include "draws.hpp"
#include "embedding/placement.hpp"
#include "embedding/run.hpp"
#include "neighbors/distance.hpp"
#include "support/errors.hpp"

namespace sigma::test {

inline const OnProgress ignore = [](const Progress&) {};

// Aborts if a condition that the core promises does not hold, so that the fuzzer reports the input.
inline void promise(bool holds) {
  if (!holds) std::abort();
}

inline bool finite(const std::vector<float>& numbers) {
  for (const float x : numbers) {
    if (!std::isfinite(x)) return false;
  }
  return true;
}

// Draws settings within their ranges, for n points of d dimensions.
inline Options draw_options(Draws& draws, std::size_t n, std::size_t d, bool has_sigma) {
  Options options;
  options.output_dimensions = draws.integer(1, 3);
  options.method = draws.pick({Method::automatic, Method::exact, Method::barnes_hut, Method::particle_mesh});
  if (options.method == Method::particle_mesh && options.output_dimensions != 2) options.method = Method::barnes_hut;
  options.mesh_spacing = 0.1 + 0.9 * draws.fraction();
  const auto& distances = all_distances();
  const DistanceKernel& distance = distances[draws.byte() % distances.size()];
  if (has_sigma || !distance.traits.uses_sigma()) options.distance = distance.name;
  options.neighbors = draws.pick({NeighborMethod::automatic, NeighborMethod::exact, NeighborMethod::cells});
  options.variance_floor = draws.pick({0.0, 0.01, 1.0, 1e-30, 1e30});
  const double largest = std::max(1.0, static_cast<double>(n - 1) / 3);
  options.perplexities = {1 + (largest - 1) * draws.fraction()};
  if (draws.once(4)) options.perplexities.push_back(largest);
  options.theta = draws.fraction();
  options.degrees_of_freedom = draws.pick({1.0, 0.1, 0.5, 2.0, 100.0});
  options.iterations = static_cast<std::uint64_t>(draws.integer(0, 12));
  options.seed = draws.byte();
  if (!has_sigma && draws.once(4)) options.pca_components = 1 + draws.byte() % std::min(n, d);
  options.start = draws.pick({Start::pca, Start::random});
  options.optimizer = draws.pick({Optimizer::curvature, Optimizer::momentum});
  options.tolerance = 0.999 * draws.fraction();
  options.learning_rate = draws.pick({200.0, 1e-300, 1e6, 1e300});
  options.final_learning_rate = draws.pick({200.0, 50.0, 1e300});
  options.early_exaggeration = draws.pick({12.0, 1.0, 1e6});
  options.early_exaggeration_iterations = static_cast<std::uint64_t>(draws.integer(0, 8));
  options.exaggeration = draws.pick({1.0, 0.01, 4.0, 1e6});
  options.momentum = 0.999 * draws.fraction();
  options.final_momentum = 0.999 * draws.fraction();
  options.threads = static_cast<unsigned>(draws.integer(1, 4));
  return options;
}

// Continues the run to iteration `until`, and places two points into the embedding.
inline void exercise(Run& run, Draws& draws, std::uint64_t until, bool has_sigma) {
  run.advance(until, ignore, draws.once(2) ? Run::Until::converged : Run::Until::iteration);
  const std::vector<float> embedding = run.embedding();
  promise(finite(embedding));
  promise(std::isfinite(run.kl()));
  const std::size_t d = run.frame().center.size();
  const std::vector<double> fresh = draws.numbers(2 * d);
  Gaussians queries = pack_queries({nullptr, fresh.data()}, 2, run.frame(), run.team());
  if (has_sigma) {
    const std::vector<double> sigma = draws.numbers(2 * d, true);
    pack_query_sigma(queries, {nullptr, sigma.data()}, run.frame());
  }
  const Options& options = run.options();
  const FittedEmbedding fitted(run.points(), options.distance, options.output_dimensions, embedding,
                               options.mesh_spacing, options.theta, run.team(), run.cancellation());
  PlacementOptions placement;
  placement.perplexities = {std::min(options.perplexities.front(), static_cast<double>(run.count()) / 3)};
  placement.iterations = static_cast<std::uint64_t>(draws.integer(0, 30));
  if (placement.perplexities.front() < 1) return;
  promise(finite(fitted.place(queries, placement, run.cancellation(), [](double) {}).positions));
}

}  // namespace sigma::test
