#include "layout.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "../interface/named_options.hpp"
#include "../layout/grid_assignment.hpp"
#include "../layout/separation.hpp"
#include "arguments.hpp"
#include "errors.hpp"
#include "job.hpp"

namespace sigma::addon {
namespace {

struct Shared {
  std::vector<double> embedding;
  std::size_t count = 0;
  unsigned threads = 1;
  SeparationOptions options;
  std::size_t rows = 0, columns = 0;
  Separation separation;
  GridAssignment grid;
  Cancellation cancellation;
};

// Copies the points, because the caller may change them during the work. Checks that all are finite.
std::shared_ptr<Shared> read_points(const Napi::Value& value) {
  return about(value.Env(), "points", [&] {
    auto shared = std::make_shared<Shared>();
    const MatrixView points = view_matrix(value);
    if (points.cols != 2) throw Napi::TypeError::New(value.Env(), "expected two columns");
    shared->count = points.rows;
    shared->embedding.resize(2 * points.rows);
    for (std::size_t e = 0; e < shared->embedding.size(); ++e) shared->embedding[e] = points.numbers.at(e);
    require_finite({nullptr, shared->embedding.data()}, shared->count);
    return shared;
  });
}

template <class Compute, class Result>
Napi::Value start(const Properties& arguments, const std::shared_ptr<Shared>& shared, Compute compute, Result result) {
  Work work;
  work.run = [shared, compute](const std::function<void(Work::Report)>& send) {
    ThreadTeam team(shared->threads);
    std::chrono::steady_clock::time_point last{};  // early enough for the first report to be sent always
    compute(team, [&](double fraction) {
      const auto now = std::chrono::steady_clock::now();
      if (now - last < kReportEvery) return;
      last = now;
      send([fraction](Napi::Env inner, Napi::Function report) { report.Call({Napi::Number::New(inner, fraction)}); });
    });
  };
  work.cancel = [shared] { shared->cancellation.request(); };
  work.result = result;
  return start_cancellable_job(arguments.env(), arguments.at("onProgress"), std::move(work));
}

}  // namespace

Napi::Value separate_points(const Napi::CallbackInfo& info) {
  const Properties arguments(info[0]);
  const std::shared_ptr<Shared> shared = read_points(arguments.at("points"));
  const Properties from = arguments.object("options");
  shared->options = read_separation_options(from);
  shared->threads = from.whole<unsigned>("threads");
  return start(
      arguments, shared,
      [shared](ThreadTeam& team, const std::function<void(double)>& progress) {
        shared->separation = sigma::separate_points({nullptr, shared->embedding.data()}, shared->count, shared->options,
                                                    team, shared->cancellation, progress);
      },
      [shared](Napi::Env env) -> Napi::Value {
        const Separation& separation = shared->separation;
        Napi::Object result = Napi::Object::New(env);
        result.Set("points", to_array<Napi::Float64Array>(env, separation.points));
        result.Set("evenness", separation.evenness);
        result.Set("evennessBefore", separation.evenness_before);
        result.Set("kept", separation.kept);
        result.Set("moved", separation.moved);
        result.Set("lastMove", separation.last_move);
        result.Set("iterations", static_cast<double>(separation.iterations));
        result.Set("fallbacks", static_cast<double>(separation.fallbacks));
        return result;
      });
}

Napi::Value assign_to_grid(const Napi::CallbackInfo& info) {
  const Properties arguments(info[0]);
  const std::shared_ptr<Shared> shared = read_points(arguments.at("points"));
  shared->rows = arguments.whole<std::size_t>("rows");
  shared->columns = arguments.whole<std::size_t>("columns");
  shared->threads = arguments.whole<unsigned>("threads");
  return start(
      arguments, shared,
      [shared](ThreadTeam& team, const std::function<void(double)>& progress) {
        const SquarePoints points = fill_square({nullptr, shared->embedding.data()}, shared->count);
        shared->grid =
            sigma::assign_to_grid(points, shared->rows, shared->columns, team, shared->cancellation, progress);
      },
      [shared](Napi::Env env) -> Napi::Value {
        Napi::Object result = Napi::Object::New(env);
        result.Set("cells", to_array<Napi::Uint32Array>(env, shared->grid.cells));
        result.Set("cost", shared->grid.cost);
        result.Set("bound", shared->grid.bound);
        return result;
      });
}

}  // namespace sigma::addon
