#include "run.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "arguments.hpp"
#include "errors.hpp"
#include "job.hpp"

namespace sigma::addon {
namespace {

Options read_options(const Napi::Object& from) {
  const auto number = [&](const char* key) { return from.Get(key).ToNumber().DoubleValue(); };
  Options options;
  const std::string method = from.Get("method").ToString();
  for (const Method known : {Method::exact, Method::barnes_hut, Method::particle_mesh}) {
    if (method == name_of(known)) options.method = known;
  }
  options.mesh_spacing = number("meshSpacing");
  options.distance = from.Get("distance").ToString();
  const std::string neighbors = from.Get("neighbors").ToString();
  for (const NeighborMethod known : {NeighborMethod::exact, NeighborMethod::nn_descent, NeighborMethod::given}) {
    if (neighbors == name_of(known)) options.neighbors = known;
  }
  options.variance_floor = number("varianceFloor");
  options.perplexities = read_numbers(from.Get("perplexity"));
  options.theta = number("theta");
  options.degrees_of_freedom = number("degreesOfFreedom");
  options.dims = static_cast<int>(number("outputDimensions"));
  options.iterations = static_cast<std::uint64_t>(number("iterations"));
  options.seed = static_cast<std::uint64_t>(number("seed"));
  options.initial_dims = from.Get("pca").IsNumber() ? static_cast<std::size_t>(number("pca")) : 0;
  const std::string start = from.Get("init").ToString();
  options.start = start == "pca" ? Start::pca : start == "random" ? Start::random : Start::given;
  options.learning_rate = number("learningRate");
  options.final_learning_rate = number("finalLearningRate");
  options.early_exaggeration = number("earlyExaggeration");
  options.early_exaggeration_iterations = static_cast<std::uint64_t>(number("earlyExaggerationIterations"));
  options.exaggeration = number("exaggeration");
  options.momentum = number("momentum");
  options.final_momentum = number("finalMomentum");
  options.threads = static_cast<unsigned>(number("threads"));
  return options;
}

std::vector<float> copy_start(const MatrixView& start) {
  std::vector<float> copy(start.rows * start.cols);
  for (std::size_t i = 0; i < copy.size(); ++i) copy[i] = static_cast<float>(start.numbers.at(i));
  return copy;
}

// {indices: Uint32Array, squared: Float32Array, k}
Neighbors copy_neighbors(const Napi::Object& lists, std::size_t count) {
  const auto k = static_cast<std::size_t>(lists.Get("k").ToNumber().DoubleValue());
  std::vector<std::uint32_t> indices = copy_indices(lists.Get("indices"), count * k, count);
  const auto array = lists.Get("squared").As<Napi::Float32Array>();
  if (array.ElementLength() != count * k) throw Napi::TypeError::New(lists.Env(), "expected n x k distances");
  std::vector<float> squared(array.Data(), array.Data() + count * k);
  if (!std::all_of(squared.begin(), squared.end(), [](float x) { return x >= 0 && std::isfinite(x); })) {
    throw Napi::TypeError::New(lists.Env(), "expected finite squared distances >= 0");
  }
  return {count, k, std::move(indices), std::move(squared), 1.0, NeighborMethod::given};
}

Napi::Object describe_neighbors(Napi::Env env, NeighborMethod method, double recall) {
  Napi::Object neighbors = Napi::Object::New(env);
  neighbors.Set("method", name_of(method));
  neighbors.Set("recall", recall);
  return neighbors;
}

}  // namespace

Napi::Function RunObject::define(Napi::Env env) {
  return DefineClass(
      env, "Run",
      {InstanceMethod<&RunObject::advance>("advance"), InstanceMethod<&RunObject::cancel>("cancel"),
       InstanceMethod<&RunObject::embedding>("embedding"), InstanceMethod<&RunObject::iteration>("iteration"),
       InstanceMethod<&RunObject::method>("method"), InstanceMethod<&RunObject::neighbors>("neighbors"),
       InstanceMethod<&RunObject::seconds>("seconds"), InstanceMethod<&RunObject::place>("place"),
       InstanceMethod<&RunObject::measure_uncertainty>("measureUncertainty"),
       InstanceMethod<&RunObject::describe_state>("describeState"), InstanceMethod<&RunObject::read_state>("readState"),
       InstanceMethod<&RunObject::write_state>("writeState"), InstanceMethod<&RunObject::restore>("restore")});
}

RunObject::RunObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<RunObject>(info) {
  const Napi::Env env = info.Env();
  const Options options = read_options(info[3].As<Napi::Object>());
  if (info[5].IsObject()) {
    about(env, "data", [&] {
      prepare_state(info[5].As<Napi::Object>(), options);
      if (info[4].IsObject()) {
        shared_->neighbors = copy_neighbors(info[4].As<Napi::Object>(), shared_->state->order.size());
      }
    });
    return;
  }
  Gaussians points = about(env, "data", [&] {
    const MatrixView data = view_matrix(info[0]);
    return pack_means(data.numbers, data.rows, data.cols);
  });
  if (info[1].IsObject()) {
    about(env, "sigma", [&] {
      pack_sigma(points, view_matrix(info[1], points.count(), points.dims()).numbers, options.variance_floor);
    });
  }
  std::vector<float> start;
  if (info[2].IsObject()) {
    about(env, "init",
          [&] { start = copy_start(view_matrix(info[2], points.count(), static_cast<std::size_t>(options.dims))); });
  }
  about(env, "data", [&] {
    std::optional<Neighbors> neighbors;
    if (info[4].IsObject()) neighbors = copy_neighbors(info[4].As<Napi::Object>(), points.count());
    shared_ = std::make_shared<Shared>();
    shared_->run = std::make_unique<Run>(std::move(points), options, std::move(start), std::move(neighbors));
  });
  held_bytes_ = static_cast<std::int64_t>(shared_->run->bytes());
  Napi::MemoryManagement::AdjustExternalMemory(env, held_bytes_);
}

RunObject::~RunObject() {
  Napi::MemoryManagement::AdjustExternalMemory(Env(), -held_bytes_);
}

Napi::Value RunObject::advance(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  refuse_while_busy(env);
  const auto until = static_cast<std::uint64_t>(info[0].ToNumber().DoubleValue());
  const bool wants_kl = info[1].ToBoolean();
  const auto snapshot_every = static_cast<std::uint64_t>(info[3].ToNumber().DoubleValue());
  const std::shared_ptr<Shared> shared = shared_;
  shared->busy = true;
  shared->run->clear_cancellation();
  shared->snapshots = std::make_shared<Backlog>();
  Work work;
  work.run = [shared, until, wants_kl, snapshot_every](const std::function<void(Work::Report)>& send) {
    const Rest rest{*shared->run};
    auto last = std::chrono::steady_clock::now();
    Stage stage = Stage::pca;
    bool first = true;
    shared->kl.reset();
    shared->run->advance(until, [&](const Progress& progress) {
      const auto now = std::chrono::steady_clock::now();
      const bool has_map =
          progress.stage == Stage::optimization || (progress.stage == Stage::initialization && progress.fraction == 1);
      const bool is_snapshot = snapshot_every > 0 && has_map && progress.iteration % snapshot_every == 0;
      const bool is_due = is_snapshot || first || stage != progress.stage || progress.kl || progress.iteration == until;
      if (!is_due && now - last < kReportEvery) return;
      first = false;
      stage = progress.stage;
      last = now;
      const NeighborMethod method = shared->run->neighbor_method();
      const double recall = shared->run->neighbor_recall();
      const Backlog::Place place = is_snapshot ? Backlog::take(shared->snapshots) : Backlog::Place();
      std::vector<float> map = is_snapshot ? shared->run->embedding() : std::vector<float>();
      send([progress, method, recall, map = std::move(map), place](Napi::Env inner, Napi::Function callback) {
        Napi::Object report = Napi::Object::New(inner);
        report.Set("stage", name_of(progress.stage));
        report.Set("fraction", progress.fraction);
        report.Set("iteration", static_cast<double>(progress.iteration));
        if (progress.kl) report.Set("kl", *progress.kl);
        if (progress.stage == Stage::affinities) report.Set("neighbors", describe_neighbors(inner, method, recall));
        if (!map.empty()) report.Set("embedding", to_array<Napi::Float32Array>(inner, map));
        callback.Call({report});
      });
    });
    if (wants_kl) shared->kl = shared->run->kl();
  };
  work.cancel = [shared] { shared->cancel(); };
  work.finished = [shared] { shared->busy = false; };
  work.result = [shared](Napi::Env inner) -> Napi::Value {
    return shared->kl ? Napi::Number::New(inner, *shared->kl) : inner.Undefined();
  };
  return start_job(env, info[2], std::move(work));
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

Napi::Value RunObject::method(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), name_of(shared_->run->options().method));
}

Napi::Value RunObject::neighbors(const Napi::CallbackInfo& info) {
  refuse_while_busy(info.Env());
  return describe_neighbors(info.Env(), shared_->run->neighbor_method(), shared_->run->neighbor_recall());
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

void RunObject::refuse_while_busy(Napi::Env env) const {
  if (!shared_->busy) return;
  Napi::Error error = Napi::Error::New(env, "the run is still at work");
  error.Set("code", "BUSY");
  throw error;
}

}  // namespace sigma::addon
