#include "groups.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>
#include <optional>

#include "../linalg/pca.hpp"

namespace sigma {
namespace {

constexpr std::size_t kMostComponents = 100;
constexpr std::uint32_t kNoRow = std::numeric_limits<std::uint32_t>::max();
// Valleys that are shallower than this occur in most embeddings of a single Gaussian.
constexpr double kLeastSeparation = 0.3;
// Settings of a rerun. With more noise or exaggeration, some groups of MNIST merge and do not separate again within 60
// iterations.
constexpr double kKept = 1 - 1 / std::numbers::e, kNoise = 0.1, kExaggeration = 4;
constexpr std::uint64_t kExaggerated = 20, kIterations = 60;
// The share of the work that is spent on reruns.
constexpr double kRerunning = 0.5;

// The kernel covers as many points as the affinities with the smallest perplexity. A smaller kernel would show their
// noise; a larger one would miss groups of that size.
DensityOptions density_options(const std::vector<double>& perplexities) {
  const double perplexity = *std::min_element(perplexities.begin(), perplexities.end());
  return {
      .kernel_points = perplexity, .least_points = std::max(5.0, perplexity / 3), .least_separation = kLeastSeparation};
}

// A sample of the rows of a run, in ascending order, and the affinities among them.
struct Sample {
  std::vector<std::uint32_t> rows;
  WeightedGraph graph;
};

Sample draw_sample(const Affinities& affinities, Random& random) {
  const std::size_t n = affinities.count();
  Sample sample;
  std::vector<std::uint32_t> place(n, kNoRow);
  for (std::size_t r = 0; r < n; ++r) {
    if (random.uniform() > kKept) continue;
    place[r] = static_cast<std::uint32_t>(sample.rows.size());
    sample.rows.push_back(static_cast<std::uint32_t>(r));
  }
  sample.graph.offsets.push_back(0);
  for (const std::uint32_t r : sample.rows) {
    for (std::uint64_t e = affinities.offsets[r]; e < affinities.offsets[r + 1]; ++e) {
      const std::uint32_t other = place[affinities.columns[e]];
      if (other == kNoRow) continue;
      sample.graph.columns.push_back(other);
      sample.graph.weights.push_back(affinities.values[e]);
    }
    sample.graph.offsets.push_back(sample.graph.columns.size());
  }
  return sample;
}

// The positions of the sample plus noise.
std::vector<float> displace(const Run& run, const std::vector<std::uint32_t>& rows, Random& random) {
  const std::size_t stride = stride_of(run.options().output_dimensions);
  const auto columns = static_cast<std::size_t>(run.options().output_dimensions);
  std::vector<float> start;
  start.reserve(rows.size() * columns);
  double squared = 0;
  for (const std::uint32_t r : rows) {
    for (std::size_t c = 0; c < columns; ++c) {
      start.push_back(run.positions()[r * stride + c]);
      squared += static_cast<double>(start.back()) * static_cast<double>(start.back());
    }
  }
  const double noise = kNoise * std::sqrt(squared / static_cast<double>(start.size()));
  for (float& value : start) value += static_cast<float>(noise * random.normal());
  return start;
}

// Uses the momentum optimizer. The curvature optimizer has high momentum. If the initial embedding is already as large
// as the final one, it needs more iterations.
Options rerun_options(const Options& of_run, std::size_t count, std::uint64_t seed) {
  Options options = of_run;
  options.distance = "euclidean";  // not used, because the rerun gets affinities and no data
  options.pca_components = 0;
  options.start = Start::given;
  options.neighbors = NeighborMethod::automatic;
  options.optimizer = Optimizer::momentum;
  options.early_exaggeration = kExaggeration * of_run.exaggeration;
  options.early_exaggeration_iterations = kExaggerated;
  options.learning_rate = std::max(50.0, static_cast<double>(count) / options.early_exaggeration);
  options.final_learning_rate = std::max(50.0, static_cast<double>(count) / options.exaggeration);
  options.momentum = 0.5;
  options.final_momentum = 0.8;
  options.seed = seed;
  return options;
}

// Runs one rerun and writes the group of each point.
void rerun(const Run& run, std::uint64_t seed, std::span<std::int32_t> groups) {
  std::fill(groups.begin(), groups.end(), kLeftOut);
  Random random(seed);
  Sample sample = draw_sample(run.affinities(), random);
  // A sample of very few points can be empty or without any two neighbors. It then says nothing about any group.
  if (sample.rows.size() < 3 || sample.graph.columns.empty()) return;
  std::vector<float> start = displace(run, sample.rows, random);
  const Options options = rerun_options(run.options(), sample.rows.size(), seed);
  Gaussians points;
  points.means = PackedMatrix(sample.rows.size(), 0);
  Run again(std::move(points), options, std::move(start));
  again.use_graph(std::move(sample.graph));
  again.advance(kIterations, [&](const Progress&) { run.cancellation().check(); });
  again.rest();
  const auto columns = static_cast<std::size_t>(options.output_dimensions);
  const std::vector<float> embedding = again.embedding();
  const DensityGroups found(embedding, columns, density_options(options.perplexities), run.cancellation());
  for (std::size_t i = 0; i < sample.rows.size(); ++i) {
    groups[run.order()[sample.rows[i]]] = found.at(&embedding[i * columns]);
  }
}

// For each group, the share of the affinity of its points that leads to points outside.
std::vector<double> measure_outflows(const Run& run, const std::vector<std::int32_t>& groups, std::size_t count) {
  std::vector<double> all(count, 0.0), out(count, 0.0);
  const Affinities& affinities = run.affinities();
  for (std::size_t r = 0; r < affinities.count(); ++r) {
    const std::int32_t group = groups[run.order()[r]];
    if (group < 0) continue;
    for (std::uint64_t e = affinities.offsets[r]; e < affinities.offsets[r + 1]; ++e) {
      const auto p = static_cast<double>(affinities.values[e]);
      all[static_cast<std::size_t>(group)] += p;
      if (groups[run.order()[affinities.columns[e]]] != group) out[static_cast<std::size_t>(group)] += p;
    }
  }
  for (std::size_t g = 0; g < count; ++g) out[g] = all[g] > 0 ? out[g] / all[g] : 0;
  return out;
}

// The largest separation of a group in an embedding of a single Gaussian.
double embed_null(Run& run, Random& random) {
  Options options = run.options();
  options.pca_components = 0;
  if (options.start == Start::given) options.start = Start::pca;
  if (options.neighbors == NeighborMethod::given) options.neighbors = NeighborMethod::automatic;
  options.seed = random.bits() >> 11;
  Gaussians drawn = draw_gaussian(run.points(), std::min(run.count(), kMostNull), options.variance_floor, random,
                                  run.team(), run.cancellation());
  run.rest();
  Run null(std::move(drawn), options);
  null.advance(
      options.iterations, [&](const Progress&) { run.cancellation().check(); },
      options.tolerance > 0 ? Run::Until::converged : Run::Until::iteration);
  null.rest();
  const DensityGroups groups(null.embedding(), static_cast<std::size_t>(options.output_dimensions),
                             density_options(options.perplexities), run.cancellation());
  return groups.strongest();
}

}  // namespace

Gaussians draw_gaussian(const Gaussians& points, std::size_t count, double variance_floor, Random& random,
                        ThreadTeam& team, const Cancellation& cancellation) {
  const std::size_t rows = points.count(), d = points.input_dimensions();
  const bool has_sigma = points.deviations.rows() == rows;
  const auto divisor = static_cast<double>(rows);
  std::vector<double> mean(d, 0.0), rest(d, 0.0);
  PackedMatrix centered = points.means;
  for (std::size_t c = 0; c < d; ++c) {
    for (std::size_t i = 0; i < rows; ++i) mean[c] += static_cast<double>(centered.at(i, c)) / divisor;
    for (std::size_t i = 0; i < rows; ++i) {
      const double value = static_cast<double>(centered.at(i, c)) - mean[c];
      centered.at(i, c) = static_cast<float>(value);
      rest[c] += value * value / (divisor - 1);
    }
  }
  const std::size_t k = std::min({rows - 1, d, kMostComponents});
  const Pca pca = find_principal_components(centered, k, random, team, cancellation);
  // The standard deviation that the components do not explain, for each column.
  for (std::size_t c = 0; c < d; ++c) {
    for (std::size_t m = 0; m < k; ++m) rest[c] -= pca.variances[m] * std::pow(pca.components[m * d + c], 2);
    rest[c] = k < d ? std::sqrt(std::max(rest[c], 0.0)) : 0;
  }
  Gaussians drawn = points;
  drawn.far_value.reset();
  drawn.coordinate_spread.reset();
  drawn.variance_floor = variance_floor;
  drawn.means = PackedMatrix(count, d);
  if (has_sigma) drawn.deviations = PackedMatrix(count, d);
  std::vector<double> values(d);
  for (std::size_t i = 0; i < count; ++i) {
    if (i % 1024 == 0) cancellation.check();
    for (std::size_t c = 0; c < d; ++c) values[c] = mean[c] + (rest[c] > 0 ? rest[c] * random.normal() : 0.0);
    for (std::size_t m = 0; m < k; ++m) {
      const double score = std::sqrt(std::max(pca.variances[m], 0.0)) * random.normal();
      for (std::size_t c = 0; c < d; ++c) values[c] += score * pca.components[m * d + c];
    }
    for (std::size_t c = 0; c < d; ++c) drawn.means.at(i, c) = static_cast<float>(values[c]);
    if (!has_sigma) continue;
    const std::size_t from = random.bits() % rows;
    for (std::size_t c = 0; c < d; ++c) drawn.deviations.at(i, c) = points.deviations.at(from, c);
  }
  return drawn;
}

Groups measure_groups(Run& run, const GroupOptions& options, std::span<const float> drawn,
                      const std::function<void(double)>& progress) {
  const std::size_t n = run.count(), columns = static_cast<std::size_t>(run.options().output_dimensions);
  run.advance(run.iteration(), [](const Progress&) {});
  const std::vector<float> embedding = run.embedding();
  const DensityGroups found(embedding, columns, density_options(run.options().perplexities), run.cancellation());
  Groups result;
  result.separations = found.separations();
  result.groups.resize(n);
  for (std::size_t i = 0; i < n; ++i) result.groups[i] = found.at(&embedding[i * columns]);
  result.outflows = measure_outflows(run, result.groups, found.count());
  const std::size_t draws = drawn.size() / (n * columns);
  result.draws.resize(draws * n);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t s = 0; s < draws; ++s) result.draws[s * n + i] = found.at(&drawn[(i * draws + s) * columns]);
  }
  run.rest();
  Random random(options.seed);
  result.reruns.resize(options.reruns * n);
  for (std::size_t r = 0; r < options.reruns; ++r) {
    run.cancellation().check();
    rerun(run, random.bits(), std::span(result.reruns).subspan(r * n, n));
    progress(kRerunning / static_cast<double>(options.reruns));
  }
  for (std::size_t s = 0; s < options.nulls; ++s) {
    run.cancellation().check();
    result.null_separations.push_back(embed_null(run, random));
    progress((1 - kRerunning) / static_cast<double>(options.nulls));
  }
  return result;
}

}  // namespace sigma
