#include "noise_model.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "../neighbors/distance.hpp"
#include "../neighbors/noise_model.hpp"
#include "../support/cancellation.hpp"
#include "../support/threads.hpp"
#include "arguments.hpp"
#include "errors.hpp"
#include "job.hpp"

namespace sigma::addon {
namespace {

struct Shared {
  Gaussians points;
  std::string distance;
  NoiseModel model;
  Cancellation cancellation;
};

Napi::Float64Array to_array(Napi::Env env, const std::vector<double>& values, double factor,
                            const std::vector<double>* offsets = nullptr) {
  auto array = Napi::Float64Array::New(env, values.size());
  for (std::size_t k = 0; k < values.size(); ++k) {
    array[k] = values[k] * factor + (offsets != nullptr ? (*offsets)[k] : 0);
  }
  return array;
}

// Converts the model to the caller's units.
Napi::Value to_js(Napi::Env env, const Shared& shared) {
  const double scale = shared.points.scale;
  Napi::Object result = Napi::Object::New(env);
  result.Set("mean", to_array(env, shared.model.mean, scale, &shared.points.center));
  result.Set("variance", to_array(env, shared.model.variance, scale * scale));
  result.Set("neighborVariance", to_array(env, shared.model.neighbor_variance, scale * scale));
  result.Set("varianceFloor", suggest_variance_floor(shared.model, traits_of(shared.distance), scale));
  return result;
}

}  // namespace

Napi::Value estimate_noise_model(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto shared = std::make_shared<Shared>();
  const Properties arguments(info[0]);
  shared->points = pack_data(arguments);
  pack_data_sigma(arguments, shared->points, 1);
  shared->distance = arguments.text("distance");
  const auto threads = arguments.whole<unsigned>("threads");
  Work work;
  work.run = [shared, threads](const std::function<void(Work::Report)>&) {
    ThreadTeam team(threads);
    shared->model = sigma::estimate_noise_model(shared->points, team, shared->cancellation);
  };
  work.cancel = [shared] { shared->cancellation.request(); };
  work.result = [shared](Napi::Env inner) { return to_js(inner, *shared); };
  return start_cancellable_job(env, env.Undefined(), std::move(work));
}

}  // namespace sigma::addon
