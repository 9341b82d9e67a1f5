#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "../affinity/affinities.hpp"
#include "../affinity/packed_affinities.hpp"
#include "../affinity/perplexity.hpp"
#include "../neighbors/gaussians.hpp"
#include "../repulsion/repulsion.hpp"
#include "../support/aligned.hpp"
#include "../support/cancellation.hpp"
#include "../support/random.hpp"
#include "../support/threads.hpp"
#include "convergence.hpp"
#include "gradient_descent.hpp"
#include "options.hpp"

namespace sigma {

enum class Stage { pca, neighbors, affinities, initialization, optimization };
constexpr std::size_t kStages = 5;
const char* name_of(Stage stage);

struct Progress {
  Stage stage;
  double fraction;           // of this stage
  std::uint64_t iteration;   // done so far
  std::optional<double> kl;  // without exaggeration, if it was just computed
};

using OnProgress = std::function<void(const Progress&)>;

// The part of a run that is saved: it is enough to continue the run and to place points. The affinities follow from the
// points, so they are computed again.
struct RunState {
  Gaussians points;  // reduced, if the options ask for it
  Frame frame;
  // Row r of the following is point order[r].
  std::vector<std::uint32_t> order;
  AlignedVector<float> positions;  // n x stride_of(output_dimensions)
  OptimizerState optimizer;
  std::uint64_t iteration = 0;
  Convergence::Record kl;
};

// Throws std::invalid_argument for a state that no run can work with. A file can contain one although its checksum is
// right.
void check(const RunState& state);

// One embedding, from the data to the positions. A run goes through the stages of `Reached`, each with one step that
// leads to the next; steps that fail or are canceled leave the stage as it was and can be repeated. It owns its
// memory, threads and random numbers, so several runs can work side by side. Only cancel() is thread-safe.
class Run {
 public:
  // The points are n >= 3 with d >= 1, or d = 0 where there is no data but neighbors. `given` is the start,
  // n x output_dimensions row-major, for Start::given; `neighbors` are at least 3 * perplexity of each point, for
  // NeighborMethod::given.
  Run(Gaussians points, Options options, std::vector<float> given = {}, std::optional<Neighbors> neighbors = {});

  // Continues a run of these options that was saved.
  Run(RunState state, Options options, std::optional<Neighbors> neighbors = {});

  // Takes the affinities from this graph instead of neighbors; before the first advance().
  void use_graph(WeightedGraph graph) { graph_ = std::move(graph); }

  // Goes on to iteration `until`, after all earlier stages; `until` may exceed the options' iterations. After
  // Canceled, or if memory ran out, the run is at its last finished stage or iteration and can go on; the number of
  // calls does not change the embedding. After Diverged it cannot go on, and throws Diverged again. With
  // Until::converged it ends earlier if the run has converged, and does no iteration if it had before.
  enum class Until { iteration, converged };
  void advance(std::uint64_t until, const OnProgress& progress, Until earliest = Until::iteration);
  // Whether the KL divergence fell by less than the tolerance when it was last compared.
  bool has_converged() const { return convergence_.reached(options_.tolerance); }

  // From any thread: makes advance() throw Canceled soon.
  void cancel() { cancellation_.request(); }
  void clear_cancellation() { cancellation_.clear(); }

  // Throws Diverged if the run has diverged: its state is not that of any iteration.
  void require_sound() const;

  // Ends the threads until they are needed again.
  void rest() { team_.rest(); }
  // Approximately the memory that the run keeps from the start: its points.
  std::size_t bytes_of_points() const;
  // And once it works: its points, affinities and positions.
  std::size_t bytes() const;

  std::uint64_t iteration() const { return iteration_; }
  // Whether there are positions, which may be the initial ones.
  bool has_embedding() const { return !order_.empty(); }
  std::size_t count() const { return points_.count(); }
  // With the resolved method instead of `automatic`.
  const Options& options() const { return options_; }
  // n x output dimensions, in the order of the input, centered.
  std::vector<float> embedding() const;
  // KL(P||Q) of the current positions, without exaggeration (van der Maaten & Hinton 2008, eq. 2). Z comes from the
  // run's repulsion. Needs a run that is optimizing.
  double kl();
  // How the neighbors were found, automatic before there are any, and the fraction of true neighbors among them.
  NeighborMethod neighbor_method() const { return neighbor_method_; }
  double neighbor_recall() const { return neighbor_recall_; }
  // The parts of its state; order, positions, velocity and gains only once there are positions.
  const Gaussians& points() const { return points_; }
  const Frame& frame() const { return frame_; }
  const std::vector<std::uint32_t>& order() const { return order_; }
  const AlignedVector<float>& positions() const { return positions_; }
  // P, whose rows have the order of the positions. Needs a run that is optimizing: advance(iteration()) makes it one.
  const Affinities& affinities() const { return *affinities_; }
  const OptimizerState& optimizer() const { return descent_.state(); }
  const Convergence::Record& recorded_kl() const { return convergence_.record(); }
  ThreadTeam& team() { return team_; }
  const Cancellation& cancellation() const { return cancellation_; }
  double seconds(Stage stage) const { return seconds_[static_cast<std::size_t>(stage)]; }

 private:
  // How far the run has come. A restored run begins at points_reduced, with positions.
  enum class Reached { points_packed, points_reduced, neighbors_found, affinities_computed, optimizing, diverged };

  // The step from the stage reached to the next one.
  void take_next_step(const OnProgress& progress);
  void reduce(const OnProgress& progress);
  void find_neighbors(const OnProgress& progress);
  void compute_affinities(const OnProgress& progress);
  Affinities make_affinities();
  void start(const OnProgress& progress);
  void resume();

  // One iteration.
  void iterate();
  Progress describe_progress(std::uint64_t until, Until earliest, std::optional<double> kl) const;
  AlignedVector<float> initial_positions();
  void prepare_repulsion();
  // Sorts the rows of the embedding and of P by position; row r is point points[r] before.
  void sort_rows(const std::vector<std::uint32_t>& points);
  // Whether steps read P from packed_.
  bool packs() const;

  Options options_;
  ThreadTeam team_;
  Cancellation cancellation_;
  Random random_;
  Gaussians points_;
  Frame frame_;
  std::vector<float> given_;
  Reached reached_ = Reached::points_packed;
  std::optional<Neighbors> neighbors_;                // given, or found and not yet turned into affinities
  std::optional<ConditionalAffinities> conditional_;  // of these neighbors, until they are symmetric
  NeighborMethod neighbor_method_ = NeighborMethod::automatic;
  double neighbor_recall_ = 0;
  std::optional<WeightedGraph> graph_;  // given instead of neighbors
  std::optional<Affinities> affinities_;
  PackedAffinities packed_;  // the same edges, if the method is approximate; made by the iteration that needs them
  double entropy_ = 0;       // sum of p log p
  std::unique_ptr<Repulsion> repulsion_;
  // Row r of the following, and of P while the run is optimizing, is point order_[r].
  std::vector<std::uint32_t> order_;
  AlignedVector<float> positions_, forces_;
  GradientDescent descent_;
  AttractionEnergy attraction_energy_;
  Convergence convergence_;
  std::uint64_t iteration_ = 0;
  std::array<double, kStages> seconds_{};
};

}  // namespace sigma
