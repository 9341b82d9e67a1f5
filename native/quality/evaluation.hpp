#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "../neighbors/gaussians.hpp"
#include "../neighbors/neighbors.hpp"
#include "../support/cancellation.hpp"
#include "../support/threads.hpp"
#include "distance_correlation.hpp"
#include "labels.hpp"
#include "neighborhoods.hpp"

namespace sigma {

struct EvaluationOptions {
  std::string distance = "euclidean";
  NeighborMethod neighbors = NeighborMethod::automatic;  // the search for the neighbors of P
  std::vector<double> perplexities = {30};
  std::vector<std::size_t> sizes;  // sizes of neighborhoods, each 1 <= k < n / 2
  std::size_t sample = 0;          // number of points for which neighborhoods and labels are evaluated; 0 means all
  std::uint64_t seed = 42;
};

// The evaluation of an embedding with its data. Vectors with one number per point only contain the points in `points`.
struct Evaluation {
  double kl = 0;
  NeighborMethod neighbor_method = NeighborMethod::exact;
  double neighbor_recall = 1;
  DistanceCorrelation correlation{};
  std::vector<std::uint32_t> points;  // ascending
  Neighborhoods neighborhoods;
  std::vector<double> hits, silhouettes;  // empty without classes; `silhouettes` also if there is only one class
};

enum class EvaluationStage { neighbors, affinities, divergence, neighborhoods, silhouettes };
const char* name_of(EvaluationStage stage);
using OnEvaluation = std::function<void(EvaluationStage, double fraction)>;

// Evaluates n >= 3 points and their positions. Progress is reported from the calling thread.
Evaluation evaluate(const Gaussians& data, const Gaussians& embedding, const std::optional<Classes>& classes,
                    const EvaluationOptions& options, ThreadTeam& team, const Cancellation& cancellation,
                    const OnEvaluation& progress);

}  // namespace sigma
