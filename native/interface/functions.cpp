// The functions for data and embeddings in the C interface.
#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "../layout/grid_assignment.hpp"
#include "../layout/separation.hpp"
#include "../linalg/pca.hpp"
#include "../neighbors/distance.hpp"
#include "../neighbors/noise_model.hpp"
#include "../neighbors/query_search.hpp"
#include "../quality/evaluation.hpp"
#include "../support/errors.hpp"
#include "../support/isa.hpp"
#include "../support/random.hpp"
#include "boundary.hpp"
#include "named_options.hpp"

namespace sigma {
namespace {

// The resources for the work of one function: threads, and a cancellation that its reports can request.
struct Workplace {
  Workplace(unsigned threads, sigma_report report, void* context)
      : team(threads), reports(report, context, [this] { cancellation.request(); }) {}
  ThreadTeam team;
  Cancellation cancellation;
  Reports reports;
  std::function<void(double)> fraction = [this](double done) { reports.send_fraction(done); };
};

// Copies positions in two columns and checks that they are finite.
std::vector<double> copy_points(const Values& arguments) {
  const About about("points");
  const MatrixView points = view_matrix(arguments, "points");
  if (points.cols != 2) throw std::invalid_argument("points: expected two columns");
  std::vector<double> copy(2 * points.rows);
  for (std::size_t e = 0; e < copy.size(); ++e) copy[e] = points.numbers.at(e);
  require_finite({nullptr, copy.data()}, points.rows);
  return copy;
}

void separate(const Values& arguments, sigma_report report, void* context, Values& result) {
  const std::vector<double> points = copy_points(arguments);
  const Values& options = arguments.table("options");
  Workplace work(options.whole<unsigned>("threads"), report, context);
  Separation separation = separate_points({nullptr, points.data()}, points.size() / 2, read_separation_options(options),
                                          work.team, work.cancellation, work.fraction);
  result.set("points", std::move(separation.points));
  result.set("evenness", separation.evenness);
  result.set("evennessBefore", separation.evenness_before);
  result.set("kept", separation.kept);
  result.set("moved", separation.moved);
  result.set("lastMove", separation.last_move);
  result.set("iterations", separation.iterations);
  result.set("fallbacks", separation.fallbacks);
}

void assign_cells(const Values& arguments, sigma_report report, void* context, Values& result) {
  const std::vector<double> points = copy_points(arguments);
  const auto rows = arguments.whole<std::size_t>("rows"), columns = arguments.whole<std::size_t>("columns");
  Workplace work(arguments.whole<unsigned>("threads"), report, context);
  GridAssignment grid = assign_to_grid(fill_square({nullptr, points.data()}, points.size() / 2), rows, columns,
                                       work.team, work.cancellation, work.fraction);
  result.set("cells", std::move(grid.cells));
  result.set("cost", grid.cost);
  result.set("bound", grid.bound);
}

void set_correlation(Values& result, const std::string& name, const Correlation& correlation) {
  Values table;
  table.set("value", correlation.value);
  table.set("error", correlation.error);
  result.set(name, std::move(table));
}

void set_evaluation(Values& result, Evaluation& evaluation) {
  auto& [kept, trustworthiness, continuity, in_embedding, listed] = evaluation.neighborhoods;
  result.set("kl", evaluation.kl);
  result.set("method", name_of(evaluation.neighbor_method));
  result.set("recall", evaluation.neighbor_recall);
  set_correlation(result, "pearson", evaluation.correlation.pearson);
  set_correlation(result, "spearman", evaluation.correlation.spearman);
  result.set("pairs", evaluation.correlation.pairs);
  result.set("points", std::move(evaluation.points));
  result.set("kept", std::move(kept));
  result.set("trustworthiness", std::move(trustworthiness));
  result.set("continuity", std::move(continuity));
  result.set("hits", std::move(evaluation.hits));
  result.set("silhouettes", std::move(evaluation.silhouettes));
}

// Reads class numbers from 1, with 0 for points without a class. There are at most as many classes as points.
Classes read_classes(const Values& arguments, std::size_t n) {
  Classes classes;
  classes.of = copy_indices(arguments, "classes", n, n + 1);
  classes.count = *std::max_element(classes.of.begin(), classes.of.end());
  for (std::uint32_t& c : classes.of) c = c == 0 ? static_cast<std::uint32_t>(classes.count) : c - 1;
  return classes;
}

void evaluate_embedding(const Values& arguments, sigma_report report, void* context, Values& result) {
  const Values& options = arguments.table("options");
  const EvaluationOptions settings = read_evaluation_options(options);
  Gaussians data = pack_data(arguments);
  const std::size_t n = data.count();
  if (arguments.has("sigma")) pack_data_sigma(arguments, data, read_variance_floor(options));
  Gaussians embedding;
  {
    const About about("embedding");
    const MatrixView positions = view_matrix(arguments, "embedding");
    if (positions.rows != n) throw std::invalid_argument("embedding: expected one row per point");
    embedding = pack_means(positions.numbers, positions.rows, positions.cols);
  }
  std::optional<Classes> classes;
  if (arguments.has("classes")) classes = read_classes(arguments, n);
  Workplace work(options.whole<unsigned>("threads"), report, context);
  resolve_noise(data, settings.distance, work.team, work.cancellation);
  std::optional<EvaluationStage> last;
  Evaluation evaluation = evaluate(data, embedding, classes, settings, work.team, work.cancellation,
                                   [&](EvaluationStage stage, double fraction) {
                                     if (!work.reports.is_wanted(stage != last)) return;
                                     last = stage;
                                     Values progress;
                                     progress.set("stage", name_of(stage));
                                     progress.set("fraction", fraction);
                                     work.reports.send(progress);
                                   });
  set_evaluation(result, evaluation);
  set_variance_floor(result, settings.distance, data);
  set_far_value(result, data);
}

std::vector<double> in_units(std::vector<double> values, double unit, const std::vector<double>* center = nullptr) {
  for (std::size_t k = 0; k < values.size(); ++k) {
    values[k] = values[k] * unit + (center != nullptr ? (*center)[k] : 0);
  }
  return values;
}

void set_coordinate_spread(Values& result, const std::string& distance, const Gaussians& points) {
  if (!points.coordinate_spread || traits_of(distance).spread != Spread::reliabilities) return;
  const auto& [center, variance, between] = *points.coordinate_spread;
  const double squared = points.scale * points.scale;
  Values spread;
  spread.set("center", in_units(center, points.scale, &points.center));
  spread.set("variance", in_units(variance, squared));
  spread.set("between", in_units(between, squared));
  result.set("coordinateSpread", std::move(spread));
}

Gaussians read_queries(const Values& arguments, const Gaussians& points, ThreadTeam& team) {
  const Frame frame{
      .center = points.center, .scale = points.scale, .sigma_scale = points.sigma_scale, .axes = {}, .components = 0};
  Gaussians queries;
  {
    const About about("query");
    const MatrixView given = view_matrix(arguments, "queries");
    if (given.cols != points.input_dimensions())
      throw std::invalid_argument("queries: expected as many columns as data");
    queries = pack_queries(given.numbers, given.rows, frame, team);
  }
  if (arguments.has("sigma")) {
    const About about("querySigma");
    const MatrixView sigma = view_matrix(arguments, "querySigma", queries.count(), points.input_dimensions());
    pack_query_sigma(queries, sigma.numbers, frame);
  }
  return queries;
}

void find_nearest_points(const Values& arguments, sigma_report report, void* context, Values& result) {
  const Values& options = arguments.table("options");
  const std::string& distance = options.text("distance");
  const auto k = options.whole<std::size_t>("k");
  Gaussians points = pack_data(arguments);
  if (arguments.has("sigma")) pack_data_sigma(arguments, points, read_variance_floor(options));
  Workplace work(options.whole<unsigned>("threads"), report, context);
  const Gaussians queries = read_queries(arguments, points, work.team);
  const bool has_own = arguments.has("own");
  std::vector<std::uint32_t> own(queries.count(), QuerySearch::kNone);
  if (has_own) own = copy_indices(arguments, "own", queries.count(), points.count());
  if (k > points.count() - (has_own ? 1 : 0))
    throw std::invalid_argument("k: expected at most the number of other points");
  resolve_noise(points, distance, work.team, work.cancellation);
  const QuerySearch search(distance, points, work.team, work.cancellation);
  Neighbors found = search.search(queries, own, k, work.team, work.cancellation, [&](std::size_t done) {
    work.reports.add(static_cast<double>(done) / static_cast<double>(queries.count()));
  });
  result.set("indices", std::move(found.indices));
  set_variance_floor(result, distance, points);
  set_coordinate_spread(result, distance, points);
}

// The scores minus their mean along each component, in the caller's units. They are float64 if float32 would overflow.
void set_scores(Values& result, const Pca& pca, double scale) {
  const std::size_t n = pca.scores.rows(), k = pca.variances.size();
  std::vector<double> means(k, 0.0), scores(n * k);
  for (std::size_t c = 0; c < k && !pca.mean.empty(); ++c) {
    for (std::size_t i = 0; i < n; ++i) means[c] += static_cast<double>(pca.scores.at(i, c));
    means[c] /= static_cast<double>(n);
  }
  double largest = 0;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t c = 0; c < k; ++c) {
      scores[i * k + c] = (static_cast<double>(pca.scores.at(i, c)) - means[c]) * scale;
      largest = std::max(largest, std::abs(scores[i * k + c]));
    }
  }
  if (largest > static_cast<double>(std::numeric_limits<float>::max())) return result.set("scores", std::move(scores));
  std::vector<float> narrow(n * k);
  std::transform(scores.begin(), scores.end(), narrow.begin(), [](double score) { return static_cast<float>(score); });
  result.set("scores", std::move(narrow));
}

void set_pca(Values& result, const Pca& pca, const Gaussians& points) {
  std::vector<double> mean = points.center;
  for (std::size_t j = 0; j < pca.mean.size(); ++j) mean[j] += pca.mean[j] * points.scale;
  std::vector<float> components(pca.components.size());
  std::transform(pca.components.begin(), pca.components.end(), components.begin(),
                 [](double entry) { return static_cast<float>(entry); });
  result.set("mean", std::move(mean));
  result.set("components", std::move(components));
  result.set("variances", in_units(pca.variances, points.scale * points.scale));
  set_scores(result, pca, points.scale);
  set_far_value(result, points);
}

// Copies a sparse matrix and divides it by its largest magnitude, so that products stay in the range of float32.
SparseMatrix copy_sparse(const Values& arguments, double& scale) {
  const About about("data");
  const MatrixView values = view_matrix(arguments, "values");
  const auto rows = arguments.whole<std::size_t>("rows");
  SparseMatrix sparse;
  sparse.cols = arguments.whole<std::size_t>("cols");
  sparse.offsets = copy_offsets(arguments, rows, values.rows);
  sparse.columns = copy_indices(arguments, "columns", values.rows, sparse.cols);
  double largest = 0;
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::uint64_t e = sparse.offsets[i]; e < sparse.offsets[i + 1]; ++e) {
      const double value = values.numbers.at(static_cast<std::size_t>(e));
      if (!std::isfinite(value)) throw BadValue(BadValue::Reason::not_finite, value, i, sparse.columns[e]);
      largest = std::max(largest, std::abs(value));
    }
  }
  scale = largest > 0 ? largest : 1;
  sparse.values.resize(values.rows);
  for (std::size_t e = 0; e < values.rows; ++e) sparse.values[e] = static_cast<float>(values.numbers.at(e) / scale);
  return sparse;
}

template <class Rows>
void compute_pca(const Rows& rows, const Gaussians& points, const Values& arguments, Values& result, Workplace& work) {
  Random random(arguments.whole<std::uint64_t>("seed"));
  const auto components = arguments.whole<std::size_t>("components");
  set_pca(result, find_principal_components(rows, components, random, work.team, work.cancellation), points);
}

}  // namespace
}  // namespace sigma

using sigma::from_c;
using sigma::guarded_table;
using sigma::Values;

extern "C" {

sigma_values* sigma_separate(const sigma_values* arguments, sigma_report report, void* context) {
  return guarded_table([&](Values& result) { sigma::separate(from_c(arguments), report, context, result); });
}

sigma_values* sigma_assign_to_grid(const sigma_values* arguments, sigma_report report, void* context) {
  return guarded_table([&](Values& result) { sigma::assign_cells(from_c(arguments), report, context, result); });
}

sigma_values* sigma_evaluate(const sigma_values* arguments, sigma_report report, void* context) {
  return guarded_table([&](Values& result) { sigma::evaluate_embedding(from_c(arguments), report, context, result); });
}

sigma_values* sigma_nearest(const sigma_values* arguments, sigma_report report, void* context) {
  return guarded_table([&](Values& result) { sigma::find_nearest_points(from_c(arguments), report, context, result); });
}

sigma_values* sigma_pca(const sigma_values* arguments, sigma_report report, void* context) {
  return guarded_table([&](Values& result) {
    const Values& from = from_c(arguments);
    const sigma::Gaussians points = sigma::pack_data(from);
    sigma::Workplace work(from.whole<unsigned>("threads"), report, context);
    sigma::compute_pca(points.means, points, from, result, work);
  });
}

sigma_values* sigma_pca_of_sparse(const sigma_values* arguments, sigma_report report, void* context) {
  return guarded_table([&](Values& result) {
    const Values& from = from_c(arguments);
    sigma::Gaussians points;
    const sigma::SparseMatrix rows = sigma::copy_sparse(from, points.scale);
    points.center.assign(rows.cols, 0.0);
    sigma::Workplace work(from.whole<unsigned>("threads"), report, context);
    sigma::compute_pca(rows, points, from, result, work);
  });
}

sigma_values* sigma_estimate_noise_model(const sigma_values* arguments, sigma_report report, void* context) {
  return guarded_table([&](Values& result) {
    const Values& from = from_c(arguments);
    sigma::Gaussians points = sigma::pack_data(from);
    sigma::pack_data_sigma(from, points, 1);
    sigma::Workplace work(from.whole<unsigned>("threads"), report, context);
    const sigma::NoiseModel model = sigma::estimate_noise_model(points, work.team, work.cancellation);
    const double scale = points.scale;
    result.set("mean", sigma::in_units(model.mean, scale, &points.center));
    result.set("variance", sigma::in_units(model.variance, scale * scale));
    result.set("neighborVariance", sigma::in_units(model.neighbor_variance, scale * scale));
    const sigma::DistanceTraits traits = sigma::traits_of(from.text("distance"));
    result.set("varianceFloor", sigma::suggest_variance_floor(model, traits, scale));
  });
}

sigma_values* sigma_describe(void) {
  return guarded_table([&](Values& result) {
    result.set("isa", sigma::name_of(sigma::active_isa()));
    Values distances;
    for (const sigma::DistanceKernel& distance : sigma::all_distances()) {
      Values traits;
      traits.set("usesSigma", distance.traits.uses_sigma());
      traits.set("hasFloor", distance.traits.has_floor());
      traits.set("usesCovariances", sigma::uses_covariances(distance.name));
      distances.set(distance.name, std::move(traits));
    }
    result.set("distances", std::move(distances));
  });
}

}  // extern "C"
