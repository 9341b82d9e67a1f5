#include "quality.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "../interface/named_options.hpp"
#include "../neighbors/noise_model.hpp"
#include "../quality/evaluation.hpp"
#include "arguments.hpp"
#include "errors.hpp"
#include "job.hpp"

namespace sigma::addon {
namespace {

struct Shared {
  Gaussians data, embedding;
  std::optional<Classes> classes;
  EvaluationOptions options;
  unsigned threads = 1;
  Evaluation evaluation;
  Cancellation cancellation;
};

Napi::Object to_js(Napi::Env env, const Correlation& correlation) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("value", correlation.value);
  object.Set("error", correlation.error);
  return object;
}

Napi::Object to_js(Napi::Env env, const Evaluation& evaluation) {
  const auto& [kept, trustworthiness, continuity, in_embedding, listed] = evaluation.neighborhoods;
  Napi::Object result = Napi::Object::New(env);
  result.Set("kl", evaluation.kl);
  result.Set("method", name_of(evaluation.neighbor_method));
  result.Set("recall", evaluation.neighbor_recall);
  result.Set("pearson", to_js(env, evaluation.correlation.pearson));
  result.Set("spearman", to_js(env, evaluation.correlation.spearman));
  result.Set("pairs", static_cast<double>(evaluation.correlation.pairs));
  result.Set("points", to_array<Napi::Uint32Array>(env, evaluation.points));
  result.Set("kept", to_array<Napi::Float64Array>(env, kept));
  result.Set("trustworthiness", to_array<Napi::Float64Array>(env, trustworthiness));
  result.Set("continuity", to_array<Napi::Float64Array>(env, continuity));
  result.Set("hits", to_array<Napi::Float64Array>(env, evaluation.hits));
  result.Set("silhouettes", to_array<Napi::Float64Array>(env, evaluation.silhouettes));
  return result;
}

}  // namespace

Napi::Value evaluate_embedding(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto shared = std::make_shared<Shared>();
  const Properties arguments(info[0]);
  const Properties options = arguments.object("options");
  shared->options = read_evaluation_options(options);
  shared->threads = options.whole<unsigned>("threads");
  shared->data = pack_data(arguments);
  const std::size_t n = shared->data.count();
  if (arguments.has("sigma")) pack_data_sigma(arguments, shared->data, read_variance_floor(options));
  about(env, "embedding", [&] {
    const MatrixView embedding = view_matrix(arguments.at("embedding"));
    if (embedding.rows != n) throw Napi::TypeError::New(env, "expected an embedding with one row per point");
    shared->embedding = pack_means(embedding.numbers, embedding.rows, embedding.cols);
  });
  if (arguments.has("classes")) {
    shared->classes.emplace();
    // Classes are numbered from 1, and 0 means no class. There are at most as many classes as points.
    std::vector<std::uint32_t>& of = shared->classes->of;
    of = copy_indices(arguments.at("classes"), n, n + 1);
    const std::uint32_t count = *std::max_element(of.begin(), of.end());
    for (std::uint32_t& c : of) c = c == 0 ? count : c - 1;
    shared->classes->count = count;
  }
  Work work;
  work.run = [shared](const std::function<void(Work::Report)>& send) {
    ThreadTeam team(shared->threads);
    resolve_noise(shared->data, shared->options.distance, team, shared->cancellation);
    auto last = std::chrono::steady_clock::now();
    std::optional<EvaluationStage> stage;
    shared->evaluation = evaluate(shared->data, shared->embedding, shared->classes, shared->options, team,
                                  shared->cancellation, [&](EvaluationStage now_at, double fraction) {
                                    const auto now = std::chrono::steady_clock::now();
                                    if (stage == now_at && now - last < kReportEvery) return;
                                    stage = now_at;
                                    last = now;
                                    send([now_at, fraction](Napi::Env inner, Napi::Function callback) {
                                      Napi::Object report = Napi::Object::New(inner);
                                      report.Set("stage", name_of(now_at));
                                      report.Set("fraction", fraction);
                                      callback.Call({report});
                                    });
                                  });
  };
  work.cancel = [shared] { shared->cancellation.request(); };
  work.result = [shared](Napi::Env inner) {
    Napi::Object result = to_js(inner, shared->evaluation);
    set_variance_floor(result, shared->options.distance, shared->data);
    result.Set("farValue", describe_far_value(inner, shared->data));
    return result;
  };
  return start_cancellable_job(env, arguments.at("onProgress"), std::move(work));
}

}  // namespace sigma::addon
