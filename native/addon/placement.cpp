#include "../embedding/placement.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "../embedding/position_uncertainty.hpp"
#include "arguments.hpp"
#include "errors.hpp"
#include "job.hpp"
#include "run.hpp"
#include "share_report.hpp"

namespace sigma::addon {
namespace {

PlacementOptions read_placement(const Napi::Object& from) {
  PlacementOptions options;
  options.perplexities = read_numbers(from.Get("perplexity"));
  options.iterations = static_cast<std::uint64_t>(from.Get("iterations").ToNumber().DoubleValue());
  return options;
}

UncertaintyOptions read_uncertainty(const Napi::Object& from) {
  UncertaintyOptions options;
  options.placement = read_placement(from);
  options.samples = static_cast<std::size_t>(from.Get("samples").ToNumber().DoubleValue());
  options.neighbors = static_cast<std::size_t>(from.Get("neighbors").ToNumber().DoubleValue());
  options.seed = static_cast<std::uint64_t>(from.Get("seed").ToNumber().DoubleValue());
  return options;
}

void set_uncertainty(Napi::Object result, const PositionUncertainty& measured) {
  const Napi::Env env = result.Env();
  result.Set("displacements", to_array<Napi::Float32Array>(env, measured.displacements));
  result.Set("covariances", to_array<Napi::Float32Array>(env, measured.covariances));
  result.Set("shares", to_array<Napi::Float32Array>(env, measured.shares));
}

}  // namespace

FittedMap& RunObject::fitted_map(Shared& shared) {
  Run& run = *shared.run;
  if (!shared.map || shared.map_iteration != run.iteration()) {
    shared.map.reset();
    const Options& options = run.options();
    shared.map = std::make_unique<FittedMap>(run.points(), options.distance, options.dims, run.embedding(),
                                             options.mesh_spacing, options.theta, run.team(), run.cancellation());
    shared.map_iteration = run.iteration();
  }
  return *shared.map;
}

Napi::Value RunObject::place(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  refuse_while_busy(env);
  const std::shared_ptr<Shared> shared = shared_;
  const auto queries = std::make_shared<Gaussians>();
  about(env, "data", [&] {
    const MatrixView data = view_matrix(info[0]);
    if (data.cols != shared->run->frame().center.size()) throw Napi::TypeError::New(env, "expected the run's columns");
    *queries = pack_queries(data.numbers, data.rows, shared->run->frame(), shared->run->team());
  });
  if (info[1].IsObject()) {
    about(env, "sigma", [&] {
      const MatrixView sigma = view_matrix(info[1], queries->count(), queries->dims());
      pack_query_sigma(*queries, sigma.numbers, shared->run->frame());
    });
  }
  const Napi::Object from = info[2].As<Napi::Object>();
  const PlacementOptions options = read_placement(from);
  std::optional<UncertaintyOptions> sampling;
  if (from.Get("sampling").IsObject()) {
    sampling = read_uncertainty(from.Get("sampling").As<Napi::Object>());
    if (queries->deviations.rows() != queries->count()) throw Napi::TypeError::New(env, "expected sigma");
  }
  const auto placed = std::make_shared<Placed>();
  const auto measured = std::make_shared<PositionUncertainty>();
  shared->busy = true;
  shared->run->clear_cancellation();
  Work work;
  work.run = [shared, queries, options, sampling, placed, measured](const std::function<void(Work::Report)>& send) {
    const Rest rest{*shared->run};
    ShareReport report(send);
    Run& run = *shared->run;
    FittedMap& map = fitted_map(*shared);
    const double unit = 1 / (1 + (sampling ? static_cast<double>(sampling->samples) : 0.0));
    *placed = map.place(*queries, options, run.cancellation(), [&](double share) { report.add(unit * share); });
    if (!sampling) return;
    *measured = sigma::measure_uncertainty(map, *queries, placed->positions, *sampling, run.team(), run.cancellation(),
                                           [&](double share) { report.add((1 - unit) * share); });
  };
  work.cancel = [shared] { shared->run->cancel(); };
  work.finished = [shared] { shared->busy = false; };
  work.result = [placed, measured, samples = sampling.has_value()](Napi::Env inner) -> Napi::Value {
    Napi::Object result = Napi::Object::New(inner);
    result.Set("positions", to_array<Napi::Float32Array>(inner, placed->positions));
    result.Set("divergences", to_array<Napi::Float32Array>(inner, placed->divergences));
    if (samples) set_uncertainty(result, *measured);
    return result;
  };
  return start_job(env, info[3], std::move(work));
}

Napi::Value RunObject::measure_uncertainty(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  refuse_while_busy(env);
  const std::shared_ptr<Shared> shared = shared_;
  const std::vector<std::uint32_t> rows =
      copy_indices(info[0], info[0].As<Napi::TypedArray>().ElementLength(), shared->run->count());
  const UncertaintyOptions options = read_uncertainty(info[1].As<Napi::Object>());
  const auto measured = std::make_shared<PositionUncertainty>();
  shared->busy = true;
  shared->run->clear_cancellation();
  Work work;
  work.run = [shared, rows, options, measured](const std::function<void(Work::Report)>& send) {
    const Rest rest{*shared->run};
    ShareReport report(send);
    Run& run = *shared->run;
    *measured = sigma::measure_uncertainty(fitted_map(*shared), rows, options, run.team(), run.cancellation(),
                                           [&](double share) { report.add(share); });
  };
  work.cancel = [shared] { shared->run->cancel(); };
  work.finished = [shared] { shared->busy = false; };
  work.result = [measured](Napi::Env inner) -> Napi::Value {
    Napi::Object result = Napi::Object::New(inner);
    set_uncertainty(result, *measured);
    return result;
  };
  return start_job(env, info[2], std::move(work));
}

}  // namespace sigma::addon
