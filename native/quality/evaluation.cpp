#include "evaluation.hpp"

#include <algorithm>
#include <numeric>

#include "../affinity/affinities.hpp"
#include "../neighbors/search.hpp"
#include "../support/random.hpp"
#include "kl_divergence.hpp"

namespace sigma {
namespace {

// The number of neighbors in the embedding that vote on a point's class.
constexpr std::size_t kVoters = 10;

// Draws `size` different points, in ascending order. Returns all points if `size` is 0.
std::vector<std::uint32_t> draw_points(std::size_t n, std::size_t size, Random random) {
  std::vector<std::uint32_t> points(n);
  std::iota(points.begin(), points.end(), 0u);
  if (size == 0 || size >= n) return points;
  for (std::size_t i = 0; i < size; ++i) std::swap(points[i], points[i + random.bits() % (n - i)]);
  points.resize(size);
  std::sort(points.begin(), points.end());
  return points;
}

}  // namespace

const char* name_of(EvaluationStage stage) {
  constexpr const char* kNames[] = {"neighbors", "affinities", "kl", "neighborhoods", "silhouettes"};
  return kNames[static_cast<std::size_t>(stage)];
}

Evaluation evaluate(const Gaussians& data, const Gaussians& embedding, const std::optional<Classes>& classes,
                    const EvaluationOptions& options, ThreadTeam& team, const Cancellation& cancellation,
                    const OnEvaluation& progress) {
  const std::size_t n = data.count();
  const auto report = [&](EvaluationStage stage) {
    return [&progress, stage](double fraction) { progress(stage, fraction); };
  };
  const Distance in_data(options.distance, data), in_embedding("euclidean", embedding);
  Evaluation result;
  {
    progress(EvaluationStage::neighbors, 0);
    const std::size_t k = neighbor_count(options.perplexities, n);
    Neighbors neighbors = find_neighbors(in_data, k, options.neighbors, options.seed, team, cancellation,
                                         report(EvaluationStage::neighbors));
    result.neighbor_method = neighbors.method;
    result.neighbor_recall = neighbors.recall;
    progress(EvaluationStage::affinities, 0);
    const Affinities affinities =
        symmetrize(neighbors, calibrate(neighbors, options.perplexities, team, cancellation), team, cancellation);
    neighbors = {};
    progress(EvaluationStage::divergence, 0);
    result.kl = kl_divergence(affinities, in_embedding, embedding.scale, team, cancellation,
                              report(EvaluationStage::divergence));
  }
  result.correlation = correlate_distances(in_data, in_embedding, options.seed, team, cancellation);
  result.points = draw_points(n, options.sample, Random(options.seed));
  {
    progress(EvaluationStage::neighborhoods, 0);
    const DistanceRows data_rows(in_data, {}, team), embedding_rows(in_embedding, {}, team);
    result.neighborhoods = compare_neighborhoods(data_rows, embedding_rows, result.points, options.sizes,
                                                 classes ? std::min(kVoters, n - 1) : 0, team, cancellation,
                                                 report(EvaluationStage::neighborhoods));
  }
  if (!classes) return result;
  result.hits = vote(result.neighborhoods, result.points, *classes);
  if (classes->count < 2) return result;
  progress(EvaluationStage::silhouettes, 0);
  result.silhouettes =
      find_silhouettes(in_embedding, result.points, *classes, team, cancellation, report(EvaluationStage::silhouettes));
  return result;
}

}  // namespace sigma
