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
  double fraction;           // of this stage, from 0 to 1
  std::uint64_t iteration;   // number of finished iterations
  std::optional<double> kl;  // without exaggeration; only if it was just computed
};

using OnProgress = std::function<void(const Progress&)>;

// The part of a run that is saved. It is enough to continue the run and to place points. The affinities are computed
// again from the points.
struct RunState {
  Gaussians points;  // after the reduction by PCA, if the options ask for it
  Frame frame;
  // Row r of the following arrays belongs to point order[r].
  std::vector<std::uint32_t> order;
  AlignedVector<float> positions;  // n x stride_of(output_dimensions)
  OptimizerState optimizer;
  std::uint64_t iteration = 0;
  Convergence::Record kl;
};

// Throws std::invalid_argument for a state that no run can use. A file can contain such a state although its checksum
// is right.
void check(const RunState& state);

// Computes one embedding, from the data to the positions. A run goes through the stages of `Reached`; one step leads
// from each stage to the next. A step that fails or is canceled leaves the stage unchanged and can be repeated. A run
// owns its memory, threads and random numbers, so several runs can work at the same time. Only cancel() is thread-safe.
class Run {
 public:
  // There are n >= 3 points with d >= 1 columns, or d = 0 if there are neighbors but no data. `given` holds the initial
  // positions for Start::given, n x output_dimensions, row-major. `neighbors` holds at least 3 * perplexity neighbors
  // of each point, for NeighborMethod::given.
  Run(Gaussians points, Options options, std::vector<float> given = {}, std::optional<Neighbors> neighbors = {});

  // Continues a saved run, which must have had these options.
  Run(RunState state, Options options, std::optional<Neighbors> neighbors = {});

  // Computes the affinities from this graph instead of neighbors. Must be called before the first advance().
  void use_graph(WeightedGraph graph) { graph_ = std::move(graph); }

  // Runs all remaining stages and then iterations up to `until`, which may exceed the iterations in the options. After
  // Canceled, or after memory ran out, the run is at its last finished stage or iteration and can continue. After
  // Diverged it cannot continue, and throws Diverged again. The number of calls does not change the embedding. With
  // Until::converged the run ends earlier if it has converged, and runs no iteration if it had already converged.
  enum class Until { iteration, converged };
  void advance(std::uint64_t until, const OnProgress& progress, Until earliest = Until::iteration);
  // Whether the last measured decrease of the KL divergence was below the tolerance.
  bool has_converged() const { return convergence_.reached(options_.tolerance); }

  // Makes advance() throw Canceled soon. Can be called from any thread.
  void cancel() { cancellation_.request(); }
  void clear_cancellation() { cancellation_.clear(); }

  // Throws Diverged if the run has diverged, because its state then belongs to no iteration.
  void require_sound() const;

  // Ends the threads until they are needed again.
  void rest() { team_.rest(); }
  // The approximate memory in bytes of the points, which the run keeps from the start.
  std::size_t bytes_of_points() const;
  // The approximate memory in bytes of a working run: points, affinities and positions.
  std::size_t bytes() const;

  std::uint64_t iteration() const { return iteration_; }
  // Whether there are positions, possibly only the initial ones.
  bool has_embedding() const { return !order_.empty(); }
  std::size_t count() const { return points_.count(); }
  // The options, with the resolved method instead of `automatic`.
  const Options& options() const { return options_; }
  // n x output dimensions, in the order of the input, centered.
  std::vector<float> embedding() const;
  // KL(P||Q) of the current positions, without exaggeration (van der Maaten & Hinton 2008, eq. 2). Z comes from the
  // repulsion of the run. The run must be optimizing.
  double kl();
  // The method that found the neighbors (automatic before the search), and the share of true neighbors among them.
  NeighborMethod neighbor_method() const { return neighbor_method_; }
  double neighbor_recall() const { return neighbor_recall_; }
  // The parts of the run's state. Order, positions, velocity and gains exist only once there are positions.
  const Gaussians& points() const { return points_; }
  const Frame& frame() const { return frame_; }
  const std::vector<std::uint32_t>& order() const { return order_; }
  const AlignedVector<float>& positions() const { return positions_; }
  // P, with the rows in the order of the positions. The run must be optimizing; advance(iteration()) makes sure of it.
  const Affinities& affinities() const { return *affinities_; }
  const OptimizerState& optimizer() const { return descent_.state(); }
  const Convergence::Record& recorded_kl() const { return convergence_.record(); }
  ThreadTeam& team() { return team_; }
  const Cancellation& cancellation() const { return cancellation_; }
  double seconds(Stage stage) const { return seconds_[static_cast<std::size_t>(stage)]; }

 private:
  // The last finished stage. A restored run begins at points_reduced, with positions.
  enum class Reached { points_packed, points_reduced, neighbors_found, affinities_computed, optimizing, diverged };

  // Takes the step from the last finished stage to the next one.
  void take_next_step(const OnProgress& progress);
  void reduce(const OnProgress& progress);
  void find_neighbors(const OnProgress& progress);
  void compute_affinities(const OnProgress& progress);
  Affinities make_affinities();
  void start(const OnProgress& progress);
  void resume();

  // Runs one iteration.
  void iterate();
  Progress describe_progress(std::uint64_t until, Until earliest, std::optional<double> kl) const;
  AlignedVector<float> initial_positions();
  void prepare_repulsion();
  // Sorts the rows of the embedding and of P by position: the new row r is the old row points[r].
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
  std::optional<Neighbors> neighbors_;                // given, or found and not yet converted to affinities
  std::optional<ConditionalAffinities> conditional_;  // of these neighbors, until they are symmetrized
  NeighborMethod neighbor_method_ = NeighborMethod::automatic;
  double neighbor_recall_ = 0;
  std::optional<WeightedGraph> graph_;  // given instead of neighbors
  std::optional<Affinities> affinities_;
  PackedAffinities packed_;  // the same edges, if the method is approximate; created by the iteration that needs them
  double entropy_ = 0;       // sum of p log p
  std::unique_ptr<Repulsion> repulsion_;
  // Row r of the following arrays, and of P while the run is optimizing, belongs to point order_[r].
  std::vector<std::uint32_t> order_;
  AlignedVector<float> positions_, forces_;
  GradientDescent descent_;
  AttractionEnergy attraction_energy_;
  Convergence convergence_;
  std::uint64_t iteration_ = 0;
  std::array<double, kStages> seconds_{};
};

}  // namespace sigma
