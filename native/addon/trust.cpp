#include <functional>
#include <memory>
#include <utility>

#include "../repulsion/repulsion.hpp"
#include "../trust/groups.hpp"
#include "../trust/perturbation.hpp"
#include "../trust/reliability.hpp"
#include "../trust/singularity.hpp"
#include "arguments.hpp"
#include "job.hpp"
#include "run.hpp"
#include "share_report.hpp"

namespace sigma::addon {
namespace {

// With more points than this in 2-D, second derivatives are interpolated from the mesh instead of summed over all
// pairs.
constexpr std::size_t kMostExact = 5000;

}  // namespace

template <class Result>
Napi::Value RunObject::start_map_job(const Napi::CallbackInfo& info,
                                     std::function<Result(Shared&, const std::function<void(double)>&)> measure,
                                     std::function<void(Napi::Object, const Result&)> describe) {
  const Napi::Env env = info.Env();
  refuse_while_busy(env);
  const std::shared_ptr<Shared> shared = shared_;
  const auto result = std::make_shared<Result>();
  shared->busy = true;
  shared->run->clear_cancellation();
  Work work;
  work.run = [shared, result, measure = std::move(measure)](const std::function<void(Work::Report)>& send) {
    const Rest rest{*shared->run};
    ShareReport report(send);
    *result = measure(*shared, [&](double share) { report.add(share); });
  };
  work.cancel = [shared] { shared->run->cancel(); };
  work.finished = [shared] { shared->busy = false; };
  work.result = [result, describe = std::move(describe)](Napi::Env inner) -> Napi::Value {
    Napi::Object object = Napi::Object::New(inner);
    describe(object, *result);
    return object;
  };
  return start_job(env, Properties(info[0]).at("onProgress"), std::move(work));
}

Napi::Value RunObject::measure_singularity(const Napi::CallbackInfo& info) {
  return start_map_job<Singularity>(
      info,
      [](Shared& shared, const std::function<void(double)>& progress) {
        Run& run = *shared.run;
        run.advance(run.iteration(), [](const Progress&) {});
        progress(0.5);
        const Options& options = run.options();
        const bool reads_field =
            options.output_dimensions == 2 && options.degrees_of_freedom == 1 && run.count() > kMostExact;
        const Field* field = reads_field ? &fitted_embedding(shared).field() : nullptr;
        const EmbeddingView embedding{options.output_dimensions, run.positions().data(), options.degrees_of_freedom,
                                      options.exaggeration};
        Singularity measured =
            sigma::measure_singularity(run.affinities(), embedding, field, run.team(), run.cancellation());
        // Moves the scores from the order of the rows to the order of the points.
        const std::vector<float> by_row = measured.scores;
        for (std::size_t r = 0; r < by_row.size(); ++r) measured.scores[run.order()[r]] = by_row[r];
        progress(0.5);
        return measured;
      },
      [](Napi::Object result, const Singularity& measured) {
        result.Set("scores", to_array<Napi::Float32Array>(result.Env(), measured.scores));
        result.Set("isExact", measured.is_exact);
      });
}

Napi::Value RunObject::measure_perturbation(const Napi::CallbackInfo& info) {
  const Properties from = Properties(info[0]).object("options");
  PerturbationOptions options{.length = from.number("length"),
                              .directions = from.whole<std::size_t>("directions"),
                              .perplexities = {},
                              .exaggeration = 1,
                              .iterations = from.whole<std::uint64_t>("iterations"),
                              .seed = from.whole<std::uint64_t>("seed")};
  return start_map_job<Perturbation>(
      info,
      [options](Shared& shared, const std::function<void(double)>& progress) mutable {
        Run& run = *shared.run;
        options.perplexities = run.options().perplexities;
        options.exaggeration = run.options().exaggeration;
        return sigma::measure_perturbation(fitted_embedding(shared), options, run.team(), run.cancellation(), progress);
      },
      [](Napi::Object result, const Perturbation& measured) {
        result.Set("scores", to_array<Napi::Float32Array>(result.Env(), measured.scores));
        result.Set("length", measured.length);
        result.Set("directions", static_cast<double>(measured.directions));
      });
}

Napi::Value RunObject::measure_reliability(const Napi::CallbackInfo& info) {
  const auto seed = Properties(info[0]).object("options").whole<std::uint64_t>("seed");
  return start_map_job<Reliability>(
      info,
      [seed](Shared& shared, const std::function<void(double)>& progress) {
        Run& run = *shared.run;
        return sigma::measure_reliability(run.points(), run.embedding(), run.options(), seed, run.team(),
                                          run.cancellation(), progress);
      },
      [](Napi::Object result, const Reliability& measured) {
        result.Set("scores", to_array<Napi::Float64Array>(result.Env(), measured.scores));
        result.Set("nullScores", to_array<Napi::Float64Array>(result.Env(), measured.null_scores));
      });
}

Napi::Value RunObject::measure_groups(const Napi::CallbackInfo& info) {
  const Properties from = Properties(info[0]).object("options");
  const GroupOptions options{.reruns = from.whole<std::size_t>("reruns"),
                             .nulls = from.whole<std::size_t>("nulls"),
                             .seed = from.whole<std::uint64_t>("seed")};
  std::vector<float> drawn;
  if (Properties(info[0]).has("drawn")) {
    const auto array = Properties(info[0]).at("drawn").As<Napi::Float32Array>();
    drawn.assign(array.Data(), array.Data() + array.ElementLength());
  }
  return start_map_job<Groups>(
      info,
      [options, drawn = std::move(drawn)](Shared& shared, const std::function<void(double)>& progress) {
        return sigma::measure_groups(*shared.run, options, drawn, progress);
      },
      [](Napi::Object result, const Groups& measured) {
        const Napi::Env env = result.Env();
        result.Set("groups", to_array<Napi::Int32Array>(env, measured.groups));
        result.Set("separations", to_array<Napi::Float64Array>(env, measured.separations));
        result.Set("outflows", to_array<Napi::Float64Array>(env, measured.outflows));
        result.Set("nullSeparations", to_array<Napi::Float64Array>(env, measured.null_separations));
        result.Set("reruns", to_array<Napi::Int32Array>(env, measured.reruns));
        result.Set("draws", to_array<Napi::Int32Array>(env, measured.draws));
      });
}

}  // namespace sigma::addon
