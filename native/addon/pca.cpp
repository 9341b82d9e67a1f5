#include "pca.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include "../linalg/pca.hpp"
#include "../neighbors/gaussians.hpp"
#include "../support/cancellation.hpp"
#include "../support/errors.hpp"
#include "../support/random.hpp"
#include "../support/threads.hpp"
#include "arguments.hpp"
#include "errors.hpp"
#include "job.hpp"

namespace sigma::addon {
namespace {

struct Shared {
  Gaussians points;     // only for dense data
  SparseMatrix sparse;  // divided by points.scale
  Pca pca;
  Cancellation cancellation;
};

// The means of the columns in the caller's units. The points are centered at their mean, unless some lie far beyond the
// others.
std::vector<double> column_means(const Shared& shared) {
  std::vector<double> mean = shared.points.center;
  for (std::size_t j = 0; j < shared.pca.mean.size(); ++j) mean[j] += shared.pca.mean[j] * shared.points.scale;
  return mean;
}

// The mean score along each component. It is 0 if the points are centered at their mean.
std::vector<double> score_means(const Shared& shared) {
  std::vector<double> mean(shared.pca.variances.size(), 0.0);
  if (shared.pca.mean.empty()) return mean;
  const std::size_t n = shared.pca.scores.rows();
  for (std::size_t c = 0; c < mean.size(); ++c) {
    for (std::size_t i = 0; i < n; ++i) mean[c] += static_cast<double>(shared.pca.scores.at(i, c));
    mean[c] /= static_cast<double>(n);
  }
  return mean;
}

Napi::Value to_js(Napi::Env env, const Shared& shared) {
  const std::size_t n = shared.pca.scores.rows(), k = shared.pca.variances.size();
  const std::size_t d = shared.pca.components.size() / k;
  const auto mean = to_array<Napi::Float64Array>(env, column_means(shared));
  auto components = Napi::Float32Array::New(env, k * d);
  std::transform(shared.pca.components.begin(), shared.pca.components.end(), components.Data(),
                 [](double entry) { return static_cast<float>(entry); });
  const double scale = shared.points.scale;
  auto variances = Napi::Float64Array::New(env, k);
  std::transform(shared.pca.variances.begin(), shared.pca.variances.end(), variances.Data(),
                 [scale](double variance) { return variance * scale * scale; });
  const std::vector<double> offsets = score_means(shared);
  const auto score_at = [&](std::size_t i, std::size_t c) {
    return (static_cast<double>(shared.pca.scores.at(i, c)) - offsets[c]) * scale;
  };
  double largest = 0;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t c = 0; c < k; ++c) largest = std::max(largest, std::abs(score_at(i, c)));
  }
  const auto copy_scores = [&](auto array) -> Napi::Value {
    auto* out = array.Data();
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t c = 0; c < k; ++c) {
        *out++ = static_cast<std::remove_pointer_t<decltype(out)>>(score_at(i, c));
      }
    }
    return array;
  };
  const bool is_narrow = largest <= static_cast<double>(std::numeric_limits<float>::max());
  const Napi::Value scores =
      is_narrow ? copy_scores(Napi::Float32Array::New(env, n * k)) : copy_scores(Napi::Float64Array::New(env, n * k));
  Napi::Object result = Napi::Object::New(env);
  result.Set("mean", mean);
  result.Set("components", components);
  result.Set("variances", variances);
  result.Set("scores", scores);
  result.Set("farValue", describe_far_value(env, shared.points));
  return result;
}

// The largest magnitude. Throws BadValue at the first number that is not finite.
double largest_stored(NumberView values, const std::vector<std::uint64_t>& offsets,
                      const std::vector<std::uint32_t>& columns) {
  double largest = 0;
  for (std::size_t i = 0; i + 1 < offsets.size(); ++i) {
    for (std::uint64_t e = offsets[i]; e < offsets[i + 1]; ++e) {
      const double value = values.at(e);
      if (!std::isfinite(value)) throw BadValue(BadValue::Reason::not_finite, value, i, columns[e]);
      largest = std::max(largest, std::abs(value));
    }
  }
  return largest;
}

// Copies the matrix and divides it by its largest magnitude, so that products stay in the range of float32.
void copy_sparse(const Properties& from, Shared& shared) {
  const Napi::Value array = from.at("values");
  const MatrixView values = view_matrix(array);
  const std::size_t stored = values.rows;
  const auto rows = from.whole<std::size_t>("rows"), cols = from.whole<std::size_t>("cols");
  SparseMatrix& sparse = shared.sparse;
  sparse.cols = cols;
  sparse.offsets = copy_offsets(from.at("offsets"), rows, stored);
  sparse.columns = copy_indices(from.at("columns"), stored, cols);
  const double largest = largest_stored(values.numbers, sparse.offsets, sparse.columns);
  shared.points.scale = largest > 0 ? largest : 1;
  shared.points.center.assign(cols, 0.0);
  sparse.values.resize(stored);
  for (std::size_t e = 0; e < stored; ++e) {
    sparse.values[e] = static_cast<float>(values.numbers.at(e) / shared.points.scale);
  }
}

Napi::Value start_pca(const Properties& arguments, const std::shared_ptr<Shared>& shared) {
  const auto components = arguments.whole<std::size_t>("components");
  const auto seed = arguments.whole<std::uint64_t>("seed");
  const auto threads = arguments.whole<unsigned>("threads");
  Work work;
  work.run = [shared, components, seed, threads](const std::function<void(Work::Report)>&) {
    ThreadTeam team(threads);
    Random random(seed);
    if (shared->sparse.cols > 0) {
      shared->pca = find_principal_components(shared->sparse, components, random, team, shared->cancellation);
    } else {
      shared->pca = find_principal_components(shared->points.means, components, random, team, shared->cancellation);
    }
  };
  work.cancel = [shared] { shared->cancellation.request(); };
  work.result = [shared](Napi::Env inner) { return to_js(inner, *shared); };
  return start_cancellable_job(arguments.env(), arguments.env().Undefined(), std::move(work));
}

}  // namespace

Napi::Value compute_pca(const Napi::CallbackInfo& info) {
  const auto shared = std::make_shared<Shared>();
  const Properties arguments(info[0]);
  shared->points = pack_data(arguments);
  return start_pca(arguments, shared);
}

Napi::Value compute_sparse_pca(const Napi::CallbackInfo& info) {
  const auto shared = std::make_shared<Shared>();
  const Properties arguments(info[0]);
  about(info.Env(), "data", [&] { copy_sparse(arguments, *shared); });
  return start_pca(arguments, shared);
}

}  // namespace sigma::addon
