#include "nearest.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "../interface/named_options.hpp"
#include "../neighbors/noise_model.hpp"
#include "../neighbors/query_search.hpp"
#include "arguments.hpp"
#include "errors.hpp"
#include "job.hpp"
#include "share_report.hpp"

namespace sigma::addon {
namespace {

struct Shared {
  Gaussians points, queries;
  std::vector<std::uint32_t> own;
  std::size_t k = 0;
  std::string distance;
  unsigned threads = 1;
  std::vector<std::uint32_t> found;
  Cancellation cancellation;
};

}  // namespace

Napi::Value find_nearest(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto shared = std::make_shared<Shared>();
  const Properties arguments(info[0]);
  const Properties options = arguments.object("options");
  shared->distance = options.text("distance");
  shared->k = options.whole<std::size_t>("k");
  shared->threads = options.whole<unsigned>("threads");
  shared->points = pack_data(arguments);
  Gaussians& points = shared->points;
  const bool has_sigma = arguments.has("sigma");
  if (has_sigma) pack_data_sigma(arguments, points, read_variance_floor(options));
  const Frame frame{
      .center = points.center, .scale = points.scale, .sigma_scale = points.sigma_scale, .axes = {}, .components = 0};
  about(env, "query", [&] {
    const MatrixView queries = view_matrix(arguments.at("queries"));
    if (queries.cols != points.input_dimensions())
      throw Napi::TypeError::New(env, "expected queries with as many columns as the data");
    ThreadTeam team(1);
    shared->queries = pack_queries(queries.numbers, queries.rows, frame, team);
  });
  const std::size_t count = shared->queries.count();
  if (has_sigma) {
    about(env, "querySigma", [&] {
      const MatrixView sigma = view_matrix(arguments.at("querySigma"), count, points.input_dimensions());
      pack_query_sigma(shared->queries, sigma.numbers, frame);
    });
  }
  const bool has_own = arguments.has("own");
  if (has_own) {
    shared->own = copy_indices(arguments.at("own"), count, points.count());
  } else {
    shared->own.assign(count, QuerySearch::kNone);
  }
  const std::size_t others = points.count() - (has_own ? 1 : 0);
  if (shared->k > others) throw Napi::TypeError::New(env, "expected k of at most the number of other points");
  Work work;
  work.run = [shared](const std::function<void(Work::Report)>& send) {
    ThreadTeam team(shared->threads);
    ShareReport report(send);
    resolve_noise(shared->points, shared->distance, team, shared->cancellation);
    const QuerySearch search(shared->distance, shared->points, team, shared->cancellation);
    Neighbors found =
        search.search(shared->queries, shared->own, shared->k, team, shared->cancellation, [&](std::size_t done) {
          report.add(static_cast<double>(done) / static_cast<double>(shared->queries.count()));
        });
    shared->found = std::move(found.indices);
  };
  work.cancel = [shared] { shared->cancellation.request(); };
  work.result = [shared](Napi::Env inner) -> Napi::Value {
    Napi::Object result = Napi::Object::New(inner);
    result.Set("indices", to_array<Napi::Uint32Array>(inner, shared->found));
    set_variance_floor(result, shared->distance, shared->points);
    set_coordinate_spread(result, shared->distance, shared->points);
    return result;
  };
  return start_cancellable_job(env, arguments.at("onProgress"), std::move(work));
}

}  // namespace sigma::addon
