#include "nearest.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

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
  const auto options = info[5].As<Napi::Object>();
  const auto number = [&](const char* key) { return options.Get(key).ToNumber().DoubleValue(); };
  shared->distance = options.Get("distance").ToString();
  shared->k = static_cast<std::size_t>(number("k"));
  shared->threads = static_cast<unsigned>(number("threads"));
  about(env, "data", [&] {
    const MatrixView data = view_matrix(info[0]);
    shared->points = pack_means(data.numbers, data.rows, data.cols);
  });
  Gaussians& points = shared->points;
  const bool has_sigma = info[1].IsObject();
  if (has_sigma) {
    about(env, "sigma", [&] {
      const MatrixView sigma = view_matrix(info[1], points.count(), points.dims());
      pack_sigma(points, sigma.numbers, number("varianceFloor"));
    });
  }
  const Frame frame{points.center, points.scale, points.sigma_scale, points.variance_floor, {}, 0};
  about(env, "query", [&] {
    const MatrixView queries = view_matrix(info[2]);
    if (queries.cols != points.dims()) throw Napi::TypeError::New(env, "expected queries as wide as the data");
    ThreadTeam team(1);
    shared->queries = pack_queries(queries.numbers, queries.rows, frame, team);
  });
  const std::size_t count = shared->queries.count();
  if (has_sigma) {
    about(env, "querySigma",
          [&] { pack_query_sigma(shared->queries, view_matrix(info[3], count, points.dims()).numbers, frame); });
  }
  if (info[4].IsTypedArray()) {
    shared->own = copy_indices(info[4], count, points.count());
  } else {
    shared->own.assign(count, QuerySearch::kNone);
  }
  const std::size_t others = points.count() - (info[4].IsTypedArray() ? 1 : 0);
  if (shared->k > others) throw Napi::TypeError::New(env, "expected k of the points");
  Work work;
  work.run = [shared](const std::function<void(Work::Report)>& send) {
    ThreadTeam team(shared->threads);
    ShareReport report(send);
    const QuerySearch search(shared->distance, shared->points, team, shared->cancellation);
    Neighbors found =
        search.search(shared->queries, shared->own, shared->k, team, shared->cancellation, [&](std::size_t done) {
          report.add(static_cast<double>(done) / static_cast<double>(shared->queries.count()));
        });
    shared->found = std::move(found.indices);
  };
  work.cancel = [shared] { shared->cancellation.request(); };
  work.result = [shared](Napi::Env inner) -> Napi::Value { return to_array<Napi::Uint32Array>(inner, shared->found); };
  return start_cancellable_job(env, info[6], std::move(work));
}

}  // namespace sigma::addon
