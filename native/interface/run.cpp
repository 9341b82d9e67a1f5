// A run of t-SNE through the C interface.
#include "../embedding/run.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "../embedding/placement.hpp"
#include "../embedding/position_uncertainty.hpp"
#include "../trust/groups.hpp"
#include "../trust/perturbation.hpp"
#include "../trust/reliability.hpp"
#include "../trust/singularity.hpp"
#include "boundary.hpp"
#include "named_options.hpp"
#include "run_state.hpp"

struct sigma_run {
  std::unique_ptr<sigma::Run> run;
  // Only for a run that is being restored: the part of it that was written so far, and its options and neighbors.
  std::optional<sigma::UnfinishedState> unfinished;
  // The embedding at iteration embedding_iteration, prepared for placing points. Declared after `run`, to which it
  // refers.
  std::unique_ptr<sigma::FittedEmbedding> embedding;
  std::uint64_t embedding_iteration = 0;
};

namespace sigma {
namespace {

std::vector<float> copy_start(const MatrixView& start) {
  std::vector<float> copy(start.rows * start.cols);
  for (std::size_t i = 0; i < copy.size(); ++i) copy[i] = static_cast<float>(start.numbers.at(i));
  return copy;
}

bool are_weights(const std::vector<float>& numbers) {
  return std::all_of(numbers.begin(), numbers.end(), [](float x) { return x >= 0 && std::isfinite(x); });
}

// Copies neighbor lists {indices, squared, k}.
Neighbors copy_neighbors(const Values& lists, std::size_t count) {
  const auto k = lists.whole<std::size_t>("k");
  std::vector<float> squared = lists.array<float>("squared");
  if (squared.size() != count * k) throw std::invalid_argument("neighbors: expected n x k distances");
  if (!are_weights(squared)) throw std::invalid_argument("neighbors: expected finite squared distances >= 0");
  return {.count = count,
          .k = k,
          .indices = copy_indices(lists, "indices", count * k, count),
          .squared = std::move(squared),
          .recall = 1.0,
          .method = NeighborMethod::given};
}

// Copies a weighted graph {offsets, columns, weights}.
WeightedGraph copy_graph(const Values& from, std::size_t count) {
  WeightedGraph graph;
  graph.weights = from.array<float>("weights");
  graph.columns = copy_indices(from, "columns", graph.weights.size(), count);
  graph.offsets = copy_offsets(from, count, graph.weights.size());
  if (!are_weights(graph.weights)) throw std::invalid_argument("graph: expected finite weights >= 0");
  return graph;
}

void set_neighbors(Values& result, NeighborMethod method, double recall) {
  Values neighbors;
  neighbors.set("method", name_of(method));
  neighbors.set("recall", recall);
  result.set("neighbors", std::move(neighbors));
}

void set_uncertainty(Values& result, PositionUncertainty& measured) {
  result.set("displacements", std::move(measured.displacements));
  result.set("covariances", std::move(measured.covariances));
  result.set("means", std::move(measured.means));
  result.set("shares", std::move(measured.shares));
  if (!measured.drawn.empty()) result.set("drawn", std::move(measured.drawn));
}

Run& run_of(sigma_run* run) {
  if (!run->run) throw std::invalid_argument("the run has not been restored yet");
  return *run->run;
}

FittedEmbedding& fitted_embedding(sigma_run* of) {
  Run& run = run_of(of);
  if (!of->embedding || of->embedding_iteration != run.iteration()) {
    of->embedding.reset();
    const Options& options = run.options();
    of->embedding =
        std::make_unique<FittedEmbedding>(run.points(), options.distance, options.output_dimensions, run.embedding(),
                                          options.mesh_spacing, options.theta, run.team(), run.cancellation());
    of->embedding_iteration = run.iteration();
  }
  return *of->embedding;
}

// Ends the threads of a run at the end of the work that needed them.
struct Rest {
  Run& run;
  ~Rest() { run.rest(); }
};

// Runs `measure` on the current embedding of a run, and reports the finished share of the work.
template <class Measure>
sigma_values* measure_embedding(sigma_run* of, sigma_report report, void* context, Measure measure) {
  return guarded_table([&](Values& result) {
    Run& run = run_of(of);
    run.clear_cancellation();
    const Rest rest{run};
    Reports reports(report, context, [&] { run.cancel(); });
    measure(run, reports, result);
  });
}

std::unique_ptr<sigma_run> make_run(const Values& arguments) {
  auto made = std::make_unique<sigma_run>();
  const Options options = read_run_options(arguments.table("options"));
  if (arguments.has("shape")) {
    made->unfinished.emplace(prepare_state(arguments.table("shape"), options));
    if (arguments.has("neighbors")) {
      made->unfinished->neighbors = copy_neighbors(arguments.table("neighbors"), made->unfinished->state.order.size());
    }
    return made;
  }
  Gaussians points = pack_data(arguments);
  if (arguments.has("sigma")) pack_data_sigma(arguments, points, options.variance_floor);
  const std::size_t count = points.count();
  if (arguments.has("covariance")) {
    const Values& covariance = arguments.table("covariance");
    const About about(covariance.text("argument").c_str());
    pack_covariances(points, view_covariance(covariance, count, points.input_dimensions()), options.variance_floor);
  }
  std::vector<float> start;
  if (arguments.has("start")) {
    const About about("init");
    start = copy_start(view_matrix(arguments, "start", count, static_cast<std::size_t>(options.output_dimensions)));
  }
  std::optional<Neighbors> neighbors;
  if (arguments.has("neighbors")) neighbors = copy_neighbors(arguments.table("neighbors"), count);
  const About about("data");
  made->run = std::make_unique<Run>(std::move(points), options, std::move(start), std::move(neighbors));
  if (arguments.has("graph")) made->run->use_graph(copy_graph(arguments.table("graph"), count));
  return made;
}

void report_progress(const Run& run, const Progress& progress, std::uint64_t snapshot_every, Reports& reports) {
  const bool has_embedding =
      progress.stage == Stage::optimization || (progress.stage == Stage::initialization && progress.fraction == 1);
  const bool is_snapshot = snapshot_every > 0 && has_embedding && progress.iteration % snapshot_every == 0;
  const bool is_due = is_snapshot || progress.fraction == 0 || progress.kl || progress.fraction == 1;
  if (!reports.is_wanted(is_due)) return;
  Values report;
  report.set("stage", name_of(progress.stage));
  report.set("fraction", progress.fraction);
  report.set("iteration", progress.iteration);
  if (progress.kl) report.set("kl", *progress.kl);
  if (progress.stage == Stage::affinities) set_neighbors(report, run.neighbor_method(), run.neighbor_recall());
  if (is_snapshot) report.set("embedding", run.embedding());
  reports.send(report);
}

void describe(sigma_run* of, Values& result) {
  const Run& run = run_of(of);
  result.set("count", run.count());
  result.set("iteration", run.iteration());
  result.set("hasConverged", run.has_converged());
  result.set("method", name_of(run.options().method));
  set_neighbors(result, run.neighbor_method(), run.neighbor_recall());
  Values seconds;
  for (std::size_t s = 0; s < kStages; ++s) {
    const auto stage = static_cast<Stage>(s);
    seconds.set(name_of(stage), run.seconds(stage));
  }
  result.set("seconds", std::move(seconds));
  set_variance_floor(result, run.options().distance, run.points());
  set_far_value(result, run.points());
}

Gaussians read_queries(Run& run, const Values& arguments) {
  Gaussians queries;
  {
    const About about("data");
    const MatrixView data = view_matrix(arguments, "data");
    if (data.cols != run.frame().center.size())
      throw std::invalid_argument("data: expected as many columns as the data of the run");
    queries = pack_queries(data.numbers, data.rows, run.frame(), run.team());
  }
  if (arguments.has("sigma")) {
    const About about("sigma");
    // The matrix must have as many columns as the points of the run, which may have been reduced by PCA.
    const MatrixView sigma = view_matrix(arguments, "sigma", queries.count(), queries.input_dimensions());
    pack_query_sigma(queries, sigma.numbers, run.frame());
  }
  if (arguments.has("covariance")) {
    const Values& covariance = arguments.table("covariance");
    const About about(covariance.text("argument").c_str());
    pack_query_covariances(queries, view_covariance(covariance, queries.count(), queries.input_dimensions()),
                           run.frame());
  }
  return queries;
}

void place(sigma_run* of, const Values& arguments, Reports& reports, Values& result) {
  Run& run = run_of(of);
  const Gaussians queries = read_queries(run, arguments);
  const Values& from = arguments.table("options");
  const PlacementOptions options = read_placement_options(from);
  std::optional<UncertaintyOptions> uncertainty;
  if (from.has("uncertainty")) {
    uncertainty = read_uncertainty_options(from.table("uncertainty"));
    if (queries.deviations.rows() != queries.count()) throw std::invalid_argument("sigma: expected a matrix");
  }
  std::vector<std::uint32_t> own(queries.count(), QuerySearch::kNone);
  if (arguments.has("own")) own = copy_indices(arguments, "own", queries.count(), run.count());
  FittedEmbedding& embedding = fitted_embedding(of);
  const double unit = 1 / (1 + (uncertainty ? static_cast<double>(uncertainty->draws) : 0.0));
  Placed placed =
      embedding.place(queries, own, options, run.cancellation(), [&](double share) { reports.add(unit * share); });
  if (uncertainty) {
    PositionUncertainty measured =
        measure_uncertainty(embedding, queries, placed.positions, *uncertainty, run.team(), run.cancellation(),
                            [&](double share) { reports.add((1 - unit) * share); });
    set_uncertainty(result, measured);
  }
  result.set("positions", std::move(placed.positions));
  result.set("divergences", std::move(placed.divergences));
}

Singularity measure_singularity_of(sigma_run* of, Reports& reports) {
  // With more points than this in 2-D, second derivatives are interpolated from the mesh instead of summed over all
  // pairs.
  constexpr std::size_t kMostExact = 5000;
  Run& run = run_of(of);
  run.advance(run.iteration(), [](const Progress&) {});
  reports.add(0.5);
  const Options& options = run.options();
  const bool reads_field =
      options.output_dimensions == 2 && options.degrees_of_freedom == 1 && run.count() > kMostExact;
  const Field* field = reads_field ? &fitted_embedding(of).field() : nullptr;
  const EmbeddingView embedding{options.output_dimensions, run.positions().data(), options.degrees_of_freedom,
                                options.exaggeration};
  Singularity measured = measure_singularity(run.affinities(), embedding, field, run.team(), run.cancellation());
  // Moves the scores from the order of the rows to the order of the points.
  const std::vector<float> by_row = measured.scores;
  for (std::size_t r = 0; r < by_row.size(); ++r) measured.scores[run.order()[r]] = by_row[r];
  return measured;
}

PerturbationOptions read_perturbation_options(const Values& from, const Options& run) {
  return {.length = from.number("length"),
          .directions = from.whole<std::size_t>("directions"),
          .perplexities = run.perplexities,
          .exaggeration = run.exaggeration,
          .iterations = from.whole<std::uint64_t>("iterations"),
          .seed = from.whole<std::uint64_t>("seed")};
}

}  // namespace
}  // namespace sigma

using sigma::from_c;
using sigma::guarded_table;
using sigma::Reports;
using sigma::Run;
using sigma::Values;

extern "C" {

sigma_run* sigma_run_new(const sigma_values* arguments) {
  return sigma::guarded([&] { return sigma::make_run(from_c(arguments)).release(); });
}

void sigma_run_free(sigma_run* run) {
  delete run;
}

sigma_values* sigma_run_advance(sigma_run* run, const sigma_values* how, sigma_report report, void* context) {
  return sigma::measure_embedding(run, report, context, [&](Run& of, Reports& reports, Values& result) {
    const Values& arguments = from_c(how);
    const auto snapshot_every = arguments.whole<std::uint64_t>("snapshotEvery");
    of.advance(
        arguments.whole<std::uint64_t>("until"),
        [&](const sigma::Progress& progress) { sigma::report_progress(of, progress, snapshot_every, reports); },
        arguments.flag("untilConverged") ? Run::Until::converged : Run::Until::iteration);
    if (arguments.flag("wantsKl")) result.set("kl", of.kl());
  });
}

sigma_values* sigma_run_describe(sigma_run* run) {
  return guarded_table([&](Values& result) { sigma::describe(run, result); });
}

sigma_values* sigma_run_embedding(sigma_run* run) {
  return guarded_table([&](Values& result) { result.set("embedding", sigma::run_of(run).embedding()); });
}

sigma_values* sigma_run_place(sigma_run* run, const sigma_values* arguments, sigma_report report, void* context) {
  return sigma::measure_embedding(run, report, context, [&](Run&, Reports& reports, Values& result) {
    sigma::place(run, from_c(arguments), reports, result);
  });
}

sigma_values* sigma_run_uncertainty(sigma_run* run, const sigma_values* arguments, sigma_report report, void* context) {
  return sigma::measure_embedding(run, report, context, [&](Run& of, Reports& reports, Values& result) {
    const Values& from = from_c(arguments);
    const std::vector<std::uint32_t> rows =
        sigma::copy_indices(from, "points", from.array<std::uint32_t>("points").size(), of.count());
    sigma::PositionUncertainty measured = sigma::measure_uncertainty(
        sigma::fitted_embedding(run), rows, sigma::read_uncertainty_options(from.table("options")), of.team(),
        of.cancellation(), [&](double share) { reports.add(share); });
    sigma::set_uncertainty(result, measured);
  });
}

sigma_values* sigma_run_singularity(sigma_run* run, const sigma_values*, sigma_report report, void* context) {
  return sigma::measure_embedding(run, report, context, [&](Run&, Reports& reports, Values& result) {
    sigma::Singularity measured = sigma::measure_singularity_of(run, reports);
    result.set("scores", std::move(measured.scores));
    result.set("isExact", measured.is_exact);
  });
}

sigma_values* sigma_run_perturbation(sigma_run* run, const sigma_values* arguments, sigma_report report,
                                     void* context) {
  return sigma::measure_embedding(run, report, context, [&](Run& of, Reports& reports, Values& result) {
    const sigma::PerturbationOptions options =
        sigma::read_perturbation_options(from_c(arguments).table("options"), of.options());
    sigma::Perturbation measured = sigma::measure_perturbation(
        sigma::fitted_embedding(run), options, of.team(), of.cancellation(), [&](double share) { reports.add(share); });
    result.set("scores", std::move(measured.scores));
    result.set("length", measured.length);
    result.set("directions", measured.directions);
  });
}

sigma_values* sigma_run_reliability(sigma_run* run, const sigma_values* arguments, sigma_report report, void* context) {
  return sigma::measure_embedding(run, report, context, [&](Run& of, Reports& reports, Values& result) {
    const auto seed = from_c(arguments).table("options").whole<std::uint64_t>("seed");
    sigma::Reliability measured =
        sigma::measure_reliability(of.points(), of.embedding(), of.options(), seed, of.team(), of.cancellation(),
                                   [&](double share) { reports.add(share); });
    result.set("scores", std::move(measured.scores));
    result.set("nullScores", std::move(measured.null_scores));
  });
}

sigma_values* sigma_run_groups(sigma_run* run, const sigma_values* arguments, sigma_report report, void* context) {
  return sigma::measure_embedding(run, report, context, [&](Run& of, Reports& reports, Values& result) {
    const Values& options = from_c(arguments).table("options");
    std::vector<float> drawn;
    if (from_c(arguments).has("drawn")) drawn = from_c(arguments).array<float>("drawn");
    sigma::Groups measured = sigma::measure_groups(of,
                                                   {.reruns = options.whole<std::size_t>("reruns"),
                                                    .nulls = options.whole<std::size_t>("nulls"),
                                                    .seed = options.whole<std::uint64_t>("seed")},
                                                   drawn, [&](double share) { reports.add(share); });
    result.set("groups", std::move(measured.groups));
    result.set("separations", std::move(measured.separations));
    result.set("outflows", std::move(measured.outflows));
    result.set("nullSeparations", std::move(measured.null_separations));
    result.set("reruns", std::move(measured.reruns));
    result.set("draws", std::move(measured.draws));
  });
}

sigma_values* sigma_run_state(sigma_run* run) {
  return guarded_table([&](Values& result) {
    const Run& of = sigma::run_of(run);
    if (!of.has_embedding()) return;
    of.require_sound();
    sigma::describe_state(of, result);
  });
}

sigma_values* sigma_run_read(sigma_run* run, const sigma_values* rows) {
  return guarded_table([&](Values& result) { sigma::read_state(sigma::run_of(run), from_c(rows), result); });
}

sigma_values* sigma_run_write(sigma_run* run, const sigma_values* rows) {
  return guarded_table([&](Values&) {
    if (!run->unfinished) throw std::invalid_argument("the run was not created for restoring, or is already restored");
    sigma::write_state(*run->unfinished, from_c(rows));
  });
}

sigma_values* sigma_run_restore(sigma_run* run) {
  return guarded_table([&](Values&) {
    if (!run->unfinished) throw std::invalid_argument("the run was not created for restoring, or is already restored");
    run->run = sigma::restore_run(std::move(*run->unfinished));
    run->unfinished.reset();
  });
}

}  // extern "C"
