#include "run.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>
#include <utility>

#include "../linalg/pca.hpp"
#include "../neighbors/search.hpp"
#include "../repulsion/sp_tree.hpp"
#include "../support/errors.hpp"
#include "descent_kernels.hpp"
#include "initialization.hpp"

namespace sigma {
namespace {

constexpr std::size_t kGrain = 512;
constexpr std::uint64_t kKlEvery = 50;
// Rows are sorted by place when the map has taken shape, and again when it has spread: near rows then share cache
// lines.
constexpr std::uint64_t kSortAt[] = {50, 150, 300, 500};

class Stopwatch {
 public:
  explicit Stopwatch(double& seconds) : seconds_(seconds), begin_(std::chrono::steady_clock::now()) {}
  ~Stopwatch() { seconds_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count(); }

 private:
  double& seconds_;
  std::chrono::steady_clock::time_point begin_;
};

}  // namespace

const char* name_of(Stage stage) {
  constexpr const char* kNames[kStages] = {"pca", "neighbors", "affinities", "initialization", "optimization"};
  return kNames[static_cast<std::size_t>(stage)];
}

Run::Run(Gaussians points, Options options, std::vector<float> given, std::optional<Neighbors> neighbors)
    : options_(std::move(options)),
      team_(options_.threads),
      random_(options_.seed),
      points_(std::move(points)),
      given_(std::move(given)),
      neighbors_(std::move(neighbors)) {
  options_.method = resolve_method(options_.method, points_.count(), options_.dims, options_.theta);
  frame_ = {points_.center, points_.scale, points_.sigma_scale, options_.variance_floor, {}, 0};
}

Run::Run(RunState state, Options options, std::optional<Neighbors> neighbors)
    : Run(std::move(state.points), std::move(options), {}, std::move(neighbors)) {
  frame_ = std::move(state.frame);
  order_ = std::move(state.order);
  positions_ = std::move(state.positions);
  velocity_ = std::move(state.velocity);
  gains_ = std::move(state.gains);
  iteration_ = state.iteration;
  reduced_ = started_ = true;
}

void Run::advance(std::uint64_t until, const OnProgress& progress) {
  require_sound();
  cancellation_.check();
  if (!started_) {
    reduce(progress);
    find_affinities(progress);
    start(progress);
  } else if (!repulsion_) {
    resume(progress);
  }
  const Stopwatch watch(seconds_[static_cast<std::size_t>(Stage::optimization)]);
  while (iteration_ < until) {
    cancellation_.check();
    if (std::find(std::begin(kSortAt), std::end(kSortAt), iteration_) != std::end(kSortAt)) sort_rows();
    if (packs() && packed_.offsets.empty()) packed_ = pack(*affinities_, team_);
    step();
    const bool report_kl = iteration_ % kKlEvery == 0;
    const double share = static_cast<double>(iteration_) / static_cast<double>(options_.iterations);
    progress({Stage::optimization, std::min(share, 1.0), iteration_,
              report_kl ? std::optional<double>(kl()) : std::nullopt});
  }
}

void Run::reduce(const OnProgress& progress) {
  if (reduced_) return;
  if (options_.initial_dims > 0) {
    const Stopwatch watch(seconds_[static_cast<std::size_t>(Stage::pca)]);
    progress({Stage::pca, 0, 0, {}});
    // A search that is cancelled must not have drawn from the stream: it is done again.
    Random random = random_;
    Pca pca = find_principal_components(points_.means, options_.initial_dims, random, team_, cancellation_);
    const std::size_t d = points_.dims(), components = options_.initial_dims;
    std::vector<float> axes(d * components);
    for (std::size_t c = 0; c < components; ++c) {
      for (std::size_t j = 0; j < d; ++j) axes[j * components + c] = static_cast<float>(pca.components[c * d + j]);
    }
    // The components are counted from the mean of the data.
    std::vector<double> center(components, 0.0);
    // Nothing fails from here on: what is done halfway would be done again, upon what is done already.
    random_ = random;
    frame_.components = components;
    frame_.axes = std::move(axes);
    points_.means = std::move(pca.scores);
    points_.center = std::move(center);
    reduced_ = true;
    progress({Stage::pca, 1, 0, {}});
  }
  reduced_ = true;
}

void Run::find_affinities(const OnProgress& progress) {
  if (affinities_) return;
  const std::size_t n = points_.count();
  if (!neighbors_) {
    const Stopwatch watch(seconds_[static_cast<std::size_t>(Stage::neighbors)]);
    progress({Stage::neighbors, 0, 0, {}});
    const std::size_t k = neighbor_count(options_.perplexities, n);
    const Distance distance(simplest_distance(options_.distance, points_), points_);
    neighbors_ = find_neighbors(distance, k, options_.neighbors, options_.seed, team_, cancellation_,
                                [&](double fraction) { progress({Stage::neighbors, fraction, 0, {}}); });
  }
  neighbor_method_ = neighbors_->method;
  neighbor_recall_ = neighbors_->recall;
  const Stopwatch watch(seconds_[static_cast<std::size_t>(Stage::affinities)]);
  progress({Stage::affinities, 0, 0, {}});
  const ConditionalAffinities conditional = calibrate(*neighbors_, options_.perplexities, team_, cancellation_);
  Affinities affinities = symmetrize(*neighbors_, conditional, team_, cancellation_);
  std::vector<double> parts((n + kGrain - 1) / kGrain);
  team_.for_ranges(n, kGrain, [&](std::size_t first, std::size_t last, std::size_t chunk) {
    double sum = 0;
    for (std::uint64_t e = affinities.offsets[first]; e < affinities.offsets[last]; ++e) {
      const auto p = static_cast<double>(affinities.values[e]);
      if (p > 0) sum += p * std::log(p);
    }
    parts[chunk] = sum;
  });
  entropy_ = std::accumulate(parts.begin(), parts.end(), 0.0);
  affinities_ = std::move(affinities);
  neighbors_.reset();
  progress({Stage::affinities, 1, 0, {}});
}

void Run::start(const OnProgress& progress) {
  const Stopwatch watch(seconds_[static_cast<std::size_t>(Stage::initialization)]);
  progress({Stage::initialization, 0, 0, {}});
  const std::size_t n = points_.count(), stride = stride_of(options_.dims);
  if (options_.start == Start::given) {
    const auto dims = static_cast<std::size_t>(options_.dims);
    positions_.assign(n * stride, 0.0f);
    for (std::size_t i = 0; i < n; ++i) std::copy_n(&given_[i * dims], dims, &positions_[i * stride]);
  } else {
    // The last draws of the run: where the start is made again, they are the same.
    Random random = random_;
    positions_ = initialize(points_.means, options_.start, options_.dims, random, team_, cancellation_);
  }
  order_.resize(n);
  std::iota(order_.begin(), order_.end(), 0u);
  next_.assign(n * stride, 0.0f);
  velocity_.assign(n * stride, 0.0f);
  gains_.assign(n * stride, 1.0f);
  forces_.assign(n * stride, 0.0f);
  step_sums_.resize((n + kGrain - 1) / kGrain);
  repulsion_ = make_repulsion(options_.method, options_.dims, options_.theta, options_.mesh_spacing, team_,
                              options_.degrees_of_freedom, &cancellation_);
  sort_rows();
  given_ = {};
  started_ = true;
  progress({Stage::initialization, 1, 0, {}});
}

// What a map that was begun elsewhere does not bring with it.
void Run::resume(const OnProgress& progress) {
  find_affinities(progress);
  next_.assign(positions_.size(), 0.0f);
  forces_.assign(positions_.size(), 0.0f);
  step_sums_.resize((points_.count() + kGrain - 1) / kGrain);
  auto repulsion = make_repulsion(options_.method, options_.dims, options_.theta, options_.mesh_spacing, team_,
                                  options_.degrees_of_freedom, &cancellation_);
  affinities_ = reorder(*affinities_, order_, team_);
  repulsion_ = std::move(repulsion);
}

bool Run::packs() const {
  return options_.method != Method::exact && can_pack(points_.count());
}

void Run::require_sound() const {
  if (diverged_at_) throw Diverged("the map grew beyond all bounds at iteration " + std::to_string(*diverged_at_));
}

void Run::sort_rows() {
  const std::size_t n = points_.count(), stride = stride_of(options_.dims);
  const std::vector<std::uint32_t> order = morton_order(options_.dims, positions_.data(), n, team_);
  std::vector<std::uint32_t> points(n);
  for (std::size_t r = 0; r < n; ++r) points[r] = order_[order[r]];
  // Before there are two more copies of P; the next step packs it again.
  packed_ = {};
  affinities_ = reorder(*affinities_, order, team_);
  // Nothing fails from here on, so that P and the rows of the map are always in one order.
  order_ = std::move(points);
  for (AlignedVector<float>* rows : {&positions_, &velocity_, &gains_}) {
    for (std::size_t r = 0; r < n; ++r) std::copy_n(&(*rows)[order[r] * stride], stride, &next_[r * stride]);
    rows->swap(next_);
  }
}

void Run::step() {
  const std::size_t n = points_.count(), stride = stride_of(options_.dims);
  const auto dims = static_cast<std::size_t>(options_.dims);
  const bool early = iteration_ < options_.early_exaggeration_iterations;
  const double z = repulsion_->compute(positions_.data(), n, forces_.data());
  const DescentStep descent{affinities_->offsets.data(),
                            affinities_->columns.data(),
                            affinities_->values.data(),
                            positions_.data(),
                            forces_.data(),
                            next_.data(),
                            velocity_.data(),
                            gains_.data(),
                            static_cast<float>(early ? options_.early_exaggeration : options_.exaggeration),
                            static_cast<float>(1.0 / z),
                            static_cast<float>(early ? options_.momentum : options_.final_momentum),
                            static_cast<float>(early ? options_.learning_rate : options_.final_learning_rate),
                            static_cast<float>(options_.degrees_of_freedom),
                            packed_.offsets.empty() ? nullptr : packed_.offsets.data(),
                            packed_.edges.data(),
                            packed_.column_mask,
                            packed_.unit};
  team_.for_ranges(n, kGrain, [&](std::size_t first, std::size_t last, std::size_t chunk) {
    DescentSums sums{};
    descent_kernels().step(options_.dims, descent, first, last, sums);
    step_sums_[chunk] = sums;
  });
  float mean[3] = {};
  for (std::size_t d = 0; d < dims; ++d) {
    double sum = 0;
    for (const DescentSums& part : step_sums_) {
      if (part.largest > kLargestMap) {
        // The velocities are a step ahead of the map now.
        diverged_at_ = iteration_ + 1;
        require_sound();
      }
      sum += part.next[d];
    }
    mean[d] = static_cast<float>(sum / static_cast<double>(n));
  }
  team_.for_ranges(n, 8 * kGrain, [&](std::size_t first, std::size_t last, std::size_t) {
    for (std::size_t i = first; i < last; ++i) {
      for (std::size_t d = 0; d < dims; ++d) next_[i * stride + d] -= mean[d];
    }
  });
  positions_.swap(next_);
  ++iteration_;
}

std::size_t Run::bytes() const {
  const std::size_t n = points_.count();
  const std::size_t columns = points_.dims() * (points_.deviations.rows() > 0 ? 2 : 1);
  const std::size_t pairs = 2 * neighbor_count(options_.perplexities, n);
  return n * (columns * sizeof(float) + pairs * 3 * sizeof(float) + 5 * stride_of(options_.dims) * sizeof(float));
}

std::vector<float> Run::embedding() const {
  const auto dims = static_cast<std::size_t>(options_.dims);
  const std::size_t n = order_.size(), stride = stride_of(options_.dims);
  std::vector<float> out(n * dims);
  for (std::size_t r = 0; r < n; ++r) std::copy_n(&positions_[r * stride], dims, &out[order_[r] * dims]);
  return out;
}

double Run::kl() {
  const std::size_t n = points_.count();
  const double z = repulsion_->compute(positions_.data(), n, forces_.data());
  DescentStep map{};
  map.offsets = affinities_->offsets.data();
  map.columns = affinities_->columns.data();
  map.values = affinities_->values.data();
  map.positions = positions_.data();
  map.degrees_of_freedom = static_cast<float>(options_.degrees_of_freedom);
  energies_.resize((n + kGrain - 1) / kGrain);
  team_.for_ranges(n, kGrain, [&](std::size_t first, std::size_t last, std::size_t chunk) {
    energies_[chunk] = descent_kernels().attraction_energy(options_.dims, map, first, last);
  });
  return entropy_ + std::accumulate(energies_.begin(), energies_.end(), 0.0) + std::log(z);
}

}  // namespace sigma
