#include "run.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "../interface/named_options.hpp"
#include "../support/random.hpp"
#include "arguments.hpp"
#include "errors.hpp"
#include "job.hpp"

namespace sigma::addon {
namespace {

std::vector<float> copy_start(const MatrixView& start) {
  std::vector<float> copy(start.rows * start.cols);
  for (std::size_t i = 0; i < copy.size(); ++i) copy[i] = static_cast<float>(start.numbers.at(i));
  return copy;
}

// Copies neighbor lists {indices: Uint32Array, squared: Float32Array, k}.
Neighbors copy_neighbors(const Properties& lists, std::size_t count) {
  const auto k = lists.whole<std::size_t>("k");
  std::vector<std::uint32_t> indices = copy_indices(lists.at("indices"), count * k, count);
  const auto array = lists.at("squared").As<Napi::Float32Array>();
  if (array.ElementLength() != count * k) throw Napi::TypeError::New(lists.env(), "expected n x k distances");
  std::vector<float> squared(array.Data(), array.Data() + count * k);
  if (!std::all_of(squared.begin(), squared.end(), [](float x) { return x >= 0 && std::isfinite(x); })) {
    throw Napi::TypeError::New(lists.env(), "expected finite squared distances >= 0");
  }
  return {.count = count,
          .k = k,
          .indices = std::move(indices),
          .squared = std::move(squared),
          .recall = 1.0,
          .method = NeighborMethod::given};
}

// Copies a weighted graph {offsets: Float64Array, columns: Uint32Array, weights: Float32Array}.
WeightedGraph copy_graph(const Properties& from, std::size_t count) {
  const auto weights = from.at("weights").As<Napi::Float32Array>();
  const std::size_t edges = weights.ElementLength();
  WeightedGraph graph;
  graph.columns = copy_indices(from.at("columns"), edges, count);
  graph.weights.assign(weights.Data(), weights.Data() + edges);
  graph.offsets = copy_offsets(from.at("offsets"), count, edges);
  if (!std::all_of(graph.weights.begin(), graph.weights.end(), [](float x) { return x >= 0 && std::isfinite(x); })) {
    throw Napi::TypeError::New(from.env(), "expected finite weights >= 0");
  }
  return graph;
}

Napi::Object describe_neighbors(Napi::Env env, NeighborMethod method, double recall) {
  Napi::Object neighbors = Napi::Object::New(env);
  neighbors.Set("method", name_of(method));
  neighbors.Set("recall", recall);
  return neighbors;
}

}  // namespace

Napi::Function RunObject::define(Napi::Env env) {
  return DefineClass(env, "Run",
                     {InstanceMethod<&RunObject::advance>("advance"),
                      InstanceMethod<&RunObject::cancel>("cancel"),
                      InstanceMethod<&RunObject::embedding>("embedding"),
                      InstanceMethod<&RunObject::iteration>("iteration"),
                      InstanceMethod<&RunObject::has_converged>("hasConverged"),
                      InstanceMethod<&RunObject::method>("method"),
                      InstanceMethod<&RunObject::neighbors>("neighbors"),
                      InstanceMethod<&RunObject::seconds>("seconds"),
                      InstanceMethod<&RunObject::variance_floor>("varianceFloor"),
                      InstanceMethod<&RunObject::far_value>("farValue"),
                      InstanceMethod<&RunObject::place>("place"),
                      InstanceMethod<&RunObject::measure_uncertainty>("measureUncertainty"),
                      InstanceMethod<&RunObject::measure_singularity>("measureSingularity"),
                      InstanceMethod<&RunObject::measure_perturbation>("measurePerturbation"),
                      InstanceMethod<&RunObject::measure_reliability>("measureReliability"),
                      InstanceMethod<&RunObject::measure_groups>("measureGroups"),
                      InstanceMethod<&RunObject::points>("points"),
                      InstanceMethod<&RunObject::describe_state>("describeState"),
                      InstanceMethod<&RunObject::read_state>("readState"),
                      InstanceMethod<&RunObject::write_state>("writeState"),
                      InstanceMethod<&RunObject::restore>("restore")});
}

RunObject::RunObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<RunObject>(info) {
  const Napi::Env env = info.Env();
  const Properties arguments(info[0]);
  const Options options = read_run_options(arguments.object("options"));
  if (arguments.has("shape")) {
    about(env, "data", [&] {
      prepare_state(arguments.object("shape"), options);
      if (arguments.has("neighbors")) {
        shared_->neighbors = copy_neighbors(arguments.object("neighbors"), shared_->state->order.size());
      }
    });
    return;
  }
  Gaussians points = pack_data(arguments);
  if (arguments.has("sigma")) pack_data_sigma(arguments, points, options.variance_floor);
  if (arguments.has("covariance")) {
    const Properties covariance = arguments.object("covariance");
    about(env, covariance.text("argument").c_str(), [&] {
      pack_covariances(points, view_covariance(covariance, points.count(), points.input_dimensions()),
                       options.variance_floor);
    });
  }
  std::vector<float> start;
  if (arguments.has("start")) {
    about(env, "init", [&] {
      start = copy_start(
          view_matrix(arguments.at("start"), points.count(), static_cast<std::size_t>(options.output_dimensions)));
    });
  }
  about(env, "data", [&] {
    std::optional<Neighbors> neighbors;
    if (arguments.has("neighbors")) neighbors = copy_neighbors(arguments.object("neighbors"), points.count());
    shared_ = std::make_shared<Shared>();
    const std::size_t count = points.count();
    shared_->run = std::make_unique<Run>(std::move(points), options, std::move(start), std::move(neighbors));
    if (arguments.has("graph")) shared_->run->use_graph(copy_graph(arguments.object("graph"), count));
  });
  report_bytes(env, shared_->run->bytes_of_points());
}

RunObject::~RunObject() {
  Napi::MemoryManagement::AdjustExternalMemory(Env(), -held_bytes_);
}

void RunObject::report_bytes(Napi::Env env, std::size_t bytes) {
  const auto held = static_cast<std::int64_t>(bytes);
  Napi::MemoryManagement::AdjustExternalMemory(env, held - held_bytes_);
  held_bytes_ = held;
}

Napi::Value RunObject::advance(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  refuse_while_busy(env);
  // For a large run, this makes the garbage collector free data that the caller no longer uses, before the run needs
  // the memory.
  report_bytes(env, shared_->run->bytes());
  const Properties arguments(info[0]);
  const auto until = arguments.whole<std::uint64_t>("until");
  const auto earliest = arguments.flag("untilConverged") ? Run::Until::converged : Run::Until::iteration;
  const bool wants_kl = arguments.flag("wantsKl");
  const auto snapshot_every = arguments.whole<std::uint64_t>("snapshotEvery");
  const std::shared_ptr<Shared> shared = shared_;
  shared->busy = true;
  shared->run->clear_cancellation();
  shared->snapshots = std::make_shared<Backlog>();
  Work work;
  work.run = [shared, until, earliest, wants_kl, snapshot_every](const std::function<void(Work::Report)>& send) {
    const Rest rest{*shared->run};
    auto last = std::chrono::steady_clock::now();
    Stage stage = Stage::pca;
    bool first = true;
    shared->kl.reset();
    shared->run->advance(
        until,
        [&](const Progress& progress) {
          const auto now = std::chrono::steady_clock::now();
          const bool has_embedding = progress.stage == Stage::optimization ||
                                     (progress.stage == Stage::initialization && progress.fraction == 1);
          const bool is_snapshot = snapshot_every > 0 && has_embedding && progress.iteration % snapshot_every == 0;
          const bool is_due = is_snapshot || first || stage != progress.stage || progress.kl || progress.fraction == 1;
          if (!is_due && now - last < kReportEvery) return;
          first = false;
          stage = progress.stage;
          last = now;
          const NeighborMethod method = shared->run->neighbor_method();
          const double recall = shared->run->neighbor_recall();
          const Backlog::Slot slot = is_snapshot ? Backlog::take(shared->snapshots) : Backlog::Slot();
          std::vector<float> embedding = is_snapshot ? shared->run->embedding() : std::vector<float>();
          send([progress, method, recall, embedding = std::move(embedding), slot](Napi::Env inner,
                                                                                  Napi::Function callback) {
            Napi::Object report = Napi::Object::New(inner);
            report.Set("stage", name_of(progress.stage));
            report.Set("fraction", progress.fraction);
            report.Set("iteration", static_cast<double>(progress.iteration));
            if (progress.kl) report.Set("kl", *progress.kl);
            if (progress.stage == Stage::affinities) report.Set("neighbors", describe_neighbors(inner, method, recall));
            if (!embedding.empty()) report.Set("embedding", to_array<Napi::Float32Array>(inner, embedding));
            callback.Call({report});
          });
        },
        earliest);
    if (wants_kl) shared->kl = shared->run->kl();
  };
  work.cancel = [shared] { shared->cancel(); };
  work.finished = [shared] { shared->busy = false; };
  work.result = [shared](Napi::Env inner) -> Napi::Value {
    return shared->kl ? Napi::Number::New(inner, *shared->kl) : inner.Undefined();
  };
  return start_job(env, arguments.at("onProgress"), std::move(work));
}

Napi::Value RunObject::cancel(const Napi::CallbackInfo& info) {
  if (shared_->busy) shared_->cancel();
  return info.Env().Undefined();
}

Napi::Value RunObject::embedding(const Napi::CallbackInfo& info) {
  refuse_while_busy(info.Env());
  return to_array<Napi::Float32Array>(info.Env(), shared_->run->embedding());
}

Napi::Value RunObject::iteration(const Napi::CallbackInfo& info) {
  refuse_while_busy(info.Env());
  return Napi::Number::New(info.Env(), static_cast<double>(shared_->run->iteration()));
}

Napi::Value RunObject::has_converged(const Napi::CallbackInfo& info) {
  refuse_while_busy(info.Env());
  return Napi::Boolean::New(info.Env(), shared_->run->has_converged());
}

Napi::Value RunObject::method(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), name_of(shared_->run->options().method));
}

Napi::Value RunObject::neighbors(const Napi::CallbackInfo& info) {
  refuse_while_busy(info.Env());
  return describe_neighbors(info.Env(), shared_->run->neighbor_method(), shared_->run->neighbor_recall());
}

Napi::Value RunObject::far_value(const Napi::CallbackInfo& info) {
  return describe_far_value(info.Env(), shared_->run->points());
}

Napi::Value RunObject::seconds(const Napi::CallbackInfo& info) {
  refuse_while_busy(info.Env());
  Napi::Object seconds = Napi::Object::New(info.Env());
  for (std::size_t s = 0; s < kStages; ++s) {
    const auto stage = static_cast<Stage>(s);
    seconds.Set(name_of(stage), shared_->run->seconds(stage));
  }
  return seconds;
}

Napi::Value RunObject::variance_floor(const Napi::CallbackInfo& info) {
  refuse_while_busy(info.Env());
  Napi::Object result = Napi::Object::New(info.Env());
  set_variance_floor(result, shared_->run->options().distance, shared_->run->points());
  return result.Get("varianceFloor");
}

Napi::Value RunObject::points(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  refuse_while_busy(env);
  const Gaussians& points = shared_->run->points();
  const std::size_t n = points.count(), d = points.input_dimensions();
  const auto copy = [&](const PackedMatrix& from, double scale, const std::vector<double>& center) {
    auto numbers = Napi::Float64Array::New(env, n * d);
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t c = 0; c < d; ++c) {
        numbers[i * d + c] = static_cast<double>(from.at(i, c)) * scale + (center.empty() ? 0 : center[c]);
      }
    }
    return numbers;
  };
  Napi::Object result = Napi::Object::New(env);
  result.Set("columns", static_cast<double>(d));
  Napi::Float64Array means = copy(points.means, points.scale, points.center);
  result.Set("means", means);
  if (points.deviations.rows() != n) return result;
  const Napi::Float64Array sigma = copy(points.deviations, points.sigma_scale, {});
  result.Set("sigma", sigma);
  if (info[0].IsNumber()) {
    Random random(static_cast<std::uint64_t>(info[0].As<Napi::Number>().Int64Value()));
    for (std::size_t at = 0; at < n * d; ++at) means[at] = means[at] + sigma[at] * random.normal();
  }
  return result;
}

void RunObject::refuse_while_busy(Napi::Env env) const {
  if (!shared_->busy) return;
  Napi::Error error = Napi::Error::New(env, "the run is still at work");
  error.Set("code", "BUSY");
  throw error;
}

}  // namespace sigma::addon
