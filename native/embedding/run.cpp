#include "run.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>
#include <utility>

#include "../linalg/pca.hpp"
#include "../neighbors/noise_model.hpp"
#include "../neighbors/search.hpp"
#include "../repulsion/sp_tree.hpp"
#include "../support/errors.hpp"
#include "initialization.hpp"

namespace sigma {
namespace {

constexpr std::size_t kGrain = 512;
// The typical number of iterations of a run that stops on convergence.
constexpr double kExpectedIterations = 300;
// Rows are sorted by position once the embedding has taken shape, and again as it spreads, so that near points share
// cache lines.
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
      neighbors_(std::move(neighbors)),
      descent_(points_.count(), options_.output_dimensions) {
  options_.method = resolve_method(options_.method, points_.count(), options_.output_dimensions, options_.theta);
  frame_ = {.center = points_.center,
            .scale = points_.scale,
            .sigma_scale = points_.sigma_scale,
            .axes = {},
            .components = 0};
}

Run::Run(RunState state, Options options, std::optional<Neighbors> neighbors)
    : Run(std::move(state.points), std::move(options), {}, std::move(neighbors)) {
  frame_ = std::move(state.frame);
  order_ = std::move(state.order);
  positions_ = std::move(state.positions);
  descent_.resume(std::move(state.optimizer));
  iteration_ = state.iteration;
  convergence_ = Convergence(state.kl);
  reached_ = Reached::points_reduced;
}

void Run::advance(std::uint64_t until, const OnProgress& progress, Until earliest) {
  require_sound();
  cancellation_.check();
  while (reached_ < Reached::optimizing) take_next_step(progress);
  const Stopwatch watch(seconds_[static_cast<std::size_t>(Stage::optimization)]);
  while (iteration_ < until && !(earliest == Until::converged && has_converged())) {
    cancellation_.check();
    iterate();
    std::optional<double> current;
    if (iteration_ % kKlEvery == 0) {
      current = kl();
      convergence_.add(*current, iteration_, end_of_schedule(options_));
    }
    progress(describe_progress(until, earliest, current));
  }
}

Progress Run::describe_progress(std::uint64_t until, Until earliest, std::optional<double> kl) const {
  Progress now{.stage = Stage::optimization, .fraction = 1, .iteration = iteration_, .kl = kl};
  const bool ends = iteration_ >= until || (earliest == Until::converged && has_converged());
  if (ends) return now;
  const auto done = static_cast<double>(iteration_);
  // The end of a run that stops on convergence is unknown. It is estimated, so that the fraction grows steadily.
  const double expected = earliest == Until::iteration ? static_cast<double>(std::max(until, options_.iterations))
                                                       : std::max(kExpectedIterations, done + kKlEvery);
  now.fraction = std::min(done / expected, 1.0);
  return now;
}

void Run::take_next_step(const OnProgress& progress) {
  switch (reached_) {
    case Reached::points_packed:
      return reduce(progress);
    case Reached::points_reduced:
      return find_neighbors(progress);
    case Reached::neighbors_found:
      return compute_affinities(progress);
    case Reached::affinities_computed:
      return has_embedding() ? resume() : start(progress);
    case Reached::optimizing:
    case Reached::diverged:
      return;
  }
}

void Run::reduce(const OnProgress& progress) {
  const std::size_t components = options_.pca_components;
  if (components == 0) {
    reached_ = Reached::points_reduced;
    return;
  }
  const Stopwatch watch(seconds_[static_cast<std::size_t>(Stage::pca)]);
  progress({Stage::pca, 0, 0, {}});
  // A copy, so that the search gets the same random numbers if it is canceled and repeated.
  Random random = random_;
  Pca pca = find_principal_components(points_.means, components, random, team_, cancellation_);
  const std::size_t d = points_.input_dimensions();
  std::vector<float> axes(d * components);
  for (std::size_t c = 0; c < components; ++c) {
    for (std::size_t j = 0; j < d; ++j) axes[j * components + c] = static_cast<float>(pca.components[c * d + j]);
  }
  // The scores are relative to the mean of the data.
  std::vector<double> center(components, 0.0);
  // Nothing throws from here on. A repeated step therefore never finds points that are reduced only in part.
  random_ = random;
  frame_.components = components;
  frame_.axes = std::move(axes);
  points_.means = std::move(pca.scores);
  points_.center = std::move(center);
  reached_ = Reached::points_reduced;
  progress({Stage::pca, 1, 0, {}});
}

void Run::find_neighbors(const OnProgress& progress) {
  if (graph_) {
    neighbor_method_ = NeighborMethod::given;
    neighbor_recall_ = 1;
    reached_ = Reached::neighbors_found;
    return;
  }
  const Stopwatch watch(seconds_[static_cast<std::size_t>(Stage::neighbors)]);
  progress({Stage::neighbors, 0, 0, {}});
  // Given neighbors need no floor, but points that are placed later need one.
  resolve_noise(points_, options_.distance, team_, cancellation_);
  if (!neighbors_) {
    const std::size_t k = neighbor_count(options_.perplexities, points_.count());
    const Distance distance(simplest_distance(options_.distance, points_), points_);
    neighbors_ = sigma::find_neighbors(distance, k, options_.neighbors, options_.seed, team_, cancellation_,
                                       [&](double fraction) { progress({Stage::neighbors, fraction, 0, {}}); });
  }
  neighbor_method_ = neighbors_->method;
  neighbor_recall_ = neighbors_->recall;
  reached_ = Reached::neighbors_found;
}

Affinities Run::make_affinities() {
  if (graph_) return normalize_weights(*graph_, team_, cancellation_);
  if (!conditional_) {
    ConditionalAffinities conditional = calibrate(*neighbors_, options_.perplexities, team_, cancellation_);
    conditional.precisions = std::vector<double>();
    conditional_ = std::move(conditional);
    // The distances are no longer needed, and P is about to take several times their memory.
    neighbors_->squared = std::vector<float>();
  }
  return symmetrize(*neighbors_, *conditional_, team_, cancellation_);
}

void Run::compute_affinities(const OnProgress& progress) {
  const std::size_t n = points_.count();
  const Stopwatch watch(seconds_[static_cast<std::size_t>(Stage::affinities)]);
  progress({Stage::affinities, 0, 0, {}});
  Affinities affinities = make_affinities();
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
  conditional_.reset();
  reached_ = Reached::affinities_computed;
  progress({Stage::affinities, 1, 0, {}});
}

AlignedVector<float> Run::initial_positions() {
  if (options_.start != Start::given) {
    // A copy, so that the start gets the same random numbers if it fails and is repeated. Nothing is drawn after it.
    Random random = random_;
    return initialize(points_.means, *affinities_, options_.start, options_.output_dimensions, random, team_,
                      cancellation_);
  }
  const auto dimensions = static_cast<std::size_t>(options_.output_dimensions);
  const std::size_t n = points_.count(), stride = stride_of(options_.output_dimensions);
  AlignedVector<float> positions(n * stride, 0.0f);
  for (std::size_t i = 0; i < n; ++i) std::copy_n(&given_[i * dimensions], dimensions, &positions[i * stride]);
  return positions;
}

void Run::prepare_repulsion() {
  forces_.assign(points_.count() * stride_of(options_.output_dimensions), 0.0f);
  repulsion_ = make_repulsion(options_.method, options_.output_dimensions, options_.theta, options_.mesh_spacing, team_,
                              options_.degrees_of_freedom, &cancellation_);
}

void Run::start(const OnProgress& progress) {
  const Stopwatch watch(seconds_[static_cast<std::size_t>(Stage::initialization)]);
  progress({Stage::initialization, 0, 0, {}});
  positions_ = initial_positions();
  descent_.start();
  descent_.make_room();
  prepare_repulsion();
  std::vector<std::uint32_t> points(points_.count());
  std::iota(points.begin(), points.end(), 0u);
  sort_rows(points);
  given_ = std::vector<float>();
  reached_ = Reached::optimizing;
  progress({Stage::initialization, 1, 0, {}});
}

// A restored run has sorted positions, but no affinities P yet.
void Run::resume() {
  descent_.make_room();
  prepare_repulsion();
  reorder(*affinities_, order_, team_);
  reached_ = Reached::optimizing;
}

bool Run::packs() const {
  return options_.method != Method::exact && can_pack(points_.count());
}

void Run::require_sound() const {
  if (reached_ != Reached::diverged) return;
  throw Diverged("the embedding grew beyond all bounds at iteration " + std::to_string(iteration_ + 1));
}

void Run::sort_rows(const std::vector<std::uint32_t>& points) {
  const std::size_t n = points_.count();
  const std::vector<std::uint32_t> order = morton_order(options_.output_dimensions, positions_.data(), n, team_);
  std::vector<std::uint32_t> sorted(n);
  for (std::size_t r = 0; r < n; ++r) sorted[r] = points[order[r]];
  // Frees the packed edges before P is copied. The next iteration packs them again.
  packed_ = {};
  reorder(*affinities_, order, team_);
  // Nothing throws from here on, so that the rows of P and of the embedding always have the same order.
  order_ = std::move(sorted);
  descent_.sort_rows(order, positions_);
}

void Run::iterate() {
  if (std::find(std::begin(kSortAt), std::end(kSortAt), iteration_) != std::end(kSortAt)) sort_rows(order_);
  if (packs() && packed_.offsets.empty()) packed_ = pack(*affinities_, team_);
  const double z = repulsion_->compute(positions_.data(), points_.count(), forces_.data());
  if (!descent_.step(settings_at(options_, iteration_), options_.degrees_of_freedom, *affinities_, packed_, forces_, z,
                     positions_, team_)) {
    reached_ = Reached::diverged;
    require_sound();
  }
  ++iteration_;
}

std::size_t Run::bytes_of_points() const {
  const std::size_t columns =
      points_.input_dimensions() * (points_.deviations.rows() > 0 ? 2 : 1) + points_.factors.cols();
  return points_.count() * columns * sizeof(float);
}

std::size_t Run::bytes() const {
  const std::size_t pairs = 2 * neighbor_count(options_.perplexities, points_.count());
  return bytes_of_points() + points_.count() * (pairs * 3 + 5 * stride_of(options_.output_dimensions)) * sizeof(float);
}

std::vector<float> Run::embedding() const {
  const auto dimensions = static_cast<std::size_t>(options_.output_dimensions);
  const std::size_t n = order_.size(), stride = stride_of(options_.output_dimensions);
  std::vector<float> out(n * dimensions);
  for (std::size_t r = 0; r < n; ++r) std::copy_n(&positions_[r * stride], dimensions, &out[order_[r] * dimensions]);
  return out;
}

double Run::kl() {
  const double z = repulsion_->compute(positions_.data(), points_.count(), forces_.data());
  const double energy = attraction_energy_.compute(*affinities_, positions_, options_.output_dimensions,
                                                   options_.degrees_of_freedom, team_);
  return entropy_ + energy + std::log(z);
}

}  // namespace sigma
