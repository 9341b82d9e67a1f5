#include "../embedding/placement.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "../embedding/position_uncertainty.hpp"
#include "../interface/named_options.hpp"
#include "arguments.hpp"
#include "errors.hpp"
#include "job.hpp"
#include "run.hpp"
#include "share_report.hpp"

namespace sigma::addon {
namespace {

void set_uncertainty(Napi::Object result, const PositionUncertainty& measured) {
  const Napi::Env env = result.Env();
  result.Set("displacements", to_array<Napi::Float32Array>(env, measured.displacements));
  result.Set("covariances", to_array<Napi::Float32Array>(env, measured.covariances));
  result.Set("means", to_array<Napi::Float32Array>(env, measured.means));
  result.Set("shares", to_array<Napi::Float32Array>(env, measured.shares));
  if (!measured.drawn.empty()) result.Set("drawn", to_array<Napi::Float32Array>(env, measured.drawn));
}

}  // namespace

FittedEmbedding& RunObject::fitted_embedding(Shared& shared) {
  Run& run = *shared.run;
  if (!shared.embedding || shared.embedding_iteration != run.iteration()) {
    shared.embedding.reset();
    const Options& options = run.options();
    shared.embedding =
        std::make_unique<FittedEmbedding>(run.points(), options.distance, options.output_dimensions, run.embedding(),
                                          options.mesh_spacing, options.theta, run.team(), run.cancellation());
    shared.embedding_iteration = run.iteration();
  }
  return *shared.embedding;
}

Napi::Value RunObject::place(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  refuse_while_busy(env);
  const std::shared_ptr<Shared> shared = shared_;
  const Properties arguments(info[0]);
  const auto queries = std::make_shared<Gaussians>();
  about(env, "data", [&] {
    const MatrixView data = view_matrix(arguments.at("data"));
    if (data.cols != shared->run->frame().center.size())
      throw Napi::TypeError::New(env, "expected as many columns as the data of the run");
    *queries = pack_queries(data.numbers, data.rows, shared->run->frame(), shared->run->team());
  });
  if (arguments.has("sigma")) {
    about(env, "sigma", [&] {
      const MatrixView sigma = view_matrix(arguments.at("sigma"), queries->count(), queries->input_dimensions());
      pack_query_sigma(*queries, sigma.numbers, shared->run->frame());
    });
  }
  if (arguments.has("covariance")) {
    const Properties covariance = arguments.object("covariance");
    about(env, covariance.text("argument").c_str(), [&] {
      pack_query_covariances(*queries, view_covariance(covariance, queries->count(), queries->input_dimensions()),
                             shared->run->frame());
    });
  }
  const Properties from = arguments.object("options");
  const PlacementOptions options = read_placement_options(from);
  std::optional<UncertaintyOptions> uncertainty;
  if (from.has("uncertainty")) {
    uncertainty = read_uncertainty_options(from.object("uncertainty"));
    if (queries->deviations.rows() != queries->count()) throw Napi::TypeError::New(env, "expected sigma");
  }
  std::vector<std::uint32_t> own(queries->count(), QuerySearch::kNone);
  if (arguments.has("own")) own = copy_indices(arguments.at("own"), queries->count(), shared->run->count());
  const auto placed = std::make_shared<Placed>();
  const auto measured = std::make_shared<PositionUncertainty>();
  shared->busy = true;
  shared->run->clear_cancellation();
  Work work;
  work.run = [shared, queries, own = std::move(own), options, uncertainty, placed,
              measured](const std::function<void(Work::Report)>& send) {
    const Rest rest{*shared->run};
    ShareReport report(send);
    Run& run = *shared->run;
    FittedEmbedding& embedding = fitted_embedding(*shared);
    const double unit = 1 / (1 + (uncertainty ? static_cast<double>(uncertainty->draws) : 0.0));
    *placed =
        embedding.place(*queries, own, options, run.cancellation(), [&](double share) { report.add(unit * share); });
    if (!uncertainty) return;
    *measured = sigma::measure_uncertainty(embedding, *queries, placed->positions, *uncertainty, run.team(),
                                           run.cancellation(), [&](double share) { report.add((1 - unit) * share); });
  };
  work.cancel = [shared] { shared->run->cancel(); };
  work.finished = [shared] { shared->busy = false; };
  work.result = [placed, measured, has_draws = uncertainty.has_value()](Napi::Env inner) -> Napi::Value {
    Napi::Object result = Napi::Object::New(inner);
    result.Set("positions", to_array<Napi::Float32Array>(inner, placed->positions));
    result.Set("divergences", to_array<Napi::Float32Array>(inner, placed->divergences));
    if (has_draws) set_uncertainty(result, *measured);
    return result;
  };
  return start_job(env, arguments.at("onProgress"), std::move(work));
}

Napi::Value RunObject::measure_uncertainty(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  refuse_while_busy(env);
  const std::shared_ptr<Shared> shared = shared_;
  const Properties arguments(info[0]);
  const Napi::Value points = arguments.at("points");
  if (!points.IsTypedArray()) throw Napi::TypeError::New(env, "expected a Uint32Array");
  const std::vector<std::uint32_t> rows =
      copy_indices(points, points.As<Napi::TypedArray>().ElementLength(), shared->run->count());
  const UncertaintyOptions options = read_uncertainty_options(arguments.object("options"));
  const auto measured = std::make_shared<PositionUncertainty>();
  shared->busy = true;
  shared->run->clear_cancellation();
  Work work;
  work.run = [shared, rows, options, measured](const std::function<void(Work::Report)>& send) {
    const Rest rest{*shared->run};
    ShareReport report(send);
    Run& run = *shared->run;
    *measured = sigma::measure_uncertainty(fitted_embedding(*shared), rows, options, run.team(), run.cancellation(),
                                           [&](double share) { report.add(share); });
  };
  work.cancel = [shared] { shared->run->cancel(); };
  work.finished = [shared] { shared->busy = false; };
  work.result = [measured](Napi::Env inner) -> Napi::Value {
    Napi::Object result = Napi::Object::New(inner);
    set_uncertainty(result, *measured);
    return result;
  };
  return start_job(env, arguments.at("onProgress"), std::move(work));
}

}  // namespace sigma::addon
