#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "../affinity/affinities.hpp"
#include "../affinity/packed_affinities.hpp"
#include "../neighbors/gaussians.hpp"
#include "../repulsion/repulsion.hpp"
#include "../support/aligned.hpp"
#include "../support/cancellation.hpp"
#include "../support/random.hpp"
#include "../support/threads.hpp"
#include "descent_kernels.hpp"
#include "options.hpp"

namespace sigma {

enum class Stage { pca, neighbors, affinities, initialization, optimization };
constexpr std::size_t kStages = 5;
const char* name_of(Stage stage);

struct Progress {
  Stage stage;
  double fraction;           // of this stage
  std::uint64_t iteration;   // done so far
  std::optional<double> kl;  // of the map without exaggeration, where it was just computed
};

using OnProgress = std::function<void(const Progress&)>;

// Beyond this float32 cannot tell points at the kernel's width of 1 apart: the map has diverged.
constexpr float kLargestMap = 1e8f;

// What a run whose map has begun needs to go on, and to place points: all that is saved of it. The affinities follow
// from the points, so they are made again.
struct RunState {
  Gaussians points;  // reduced, where they are to be
  Frame frame;
  // Row r of what follows is point order[r].
  std::vector<std::uint32_t> order;
  AlignedVector<float> positions, velocity, gains;  // n x stride_of(dims)
  std::uint64_t iteration = 0;
};

// Throws std::invalid_argument for a state that no run can work with, which a file with a right checksum can still
// hold.
void check(const RunState& state);

// One embedding from its data to its map. It owns its memory, threads and random numbers, so several go on side by
// side. Not itself thread-safe, but for cancel().
class Run {
 public:
  // The points are n >= 3 with d >= 1. `given` is the start, n x dims row-major, for Start::given; `neighbors` are at
  // least 3 * perplexity of each point, for NeighborMethod::given.
  Run(Gaussians points, Options options, std::vector<float> given = {}, std::optional<Neighbors> neighbors = {});

  // Goes on where another run of these options stood.
  Run(RunState state, Options options, std::optional<Neighbors> neighbors = {});

  // Goes on to iteration `until`, with whatever comes before it; the options' iterations may be passed. After
  // Cancelled, or where memory ran out, the run stands at its last finished stage or iteration and can go on; the
  // number of calls does not change the map. After Diverged it cannot, and throws the same again.
  void advance(std::uint64_t until, const OnProgress& progress);

  // From any thread: makes advance() throw Cancelled soon.
  void cancel() { cancellation_.request(); }
  void clear_cancellation() { cancellation_.clear(); }

  // Throws Diverged where the run has ended so: its state is not that of any iteration.
  void require_sound() const;

  // Ends the threads until they are needed again.
  void rest() { team_.rest(); }
  // About the memory that the run holds on to: its points and its map.
  std::size_t bytes() const;

  std::uint64_t iteration() const { return iteration_; }
  // Whether there is a map, be it the start alone.
  bool has_map() const { return started_; }
  std::size_t count() const { return points_.count(); }
  // With the method that stands for automatic.
  const Options& options() const { return options_; }
  // n x dims, in the order of the input, centered.
  std::vector<float> embedding() const;
  // KL(P||Q) of the map as it stands, without exaggeration (van der Maaten & Hinton 2008, eq. 2). Z comes from the
  // run's repulsion. Needs a run past its affinities.
  double kl();
  // Where the neighbors came from, automatic before there are any, and the share of the true ones that they vouch for.
  NeighborMethod neighbor_method() const { return neighbor_method_; }
  double neighbor_recall() const { return neighbor_recall_; }
  // What its state would be made of; the map's once it has one.
  const Gaussians& points() const { return points_; }
  const Frame& frame() const { return frame_; }
  const std::vector<std::uint32_t>& order() const { return order_; }
  const AlignedVector<float>& positions() const { return positions_; }
  const AlignedVector<float>& velocity() const { return velocity_; }
  const AlignedVector<float>& gains() const { return gains_; }
  ThreadTeam& team() { return team_; }
  const Cancellation& cancellation() const { return cancellation_; }
  double seconds(Stage stage) const { return seconds_[static_cast<std::size_t>(stage)]; }

 private:
  void reduce(const OnProgress& progress);
  void find_affinities(const OnProgress& progress);
  void start(const OnProgress& progress);
  void resume(const OnProgress& progress);
  void step();
  void sort_rows();
  // Whether steps read P from packed_.
  bool packs() const;

  Options options_;
  ThreadTeam team_;
  Cancellation cancellation_;
  Random random_;
  Gaussians points_;
  Frame frame_;
  std::vector<float> given_;
  bool reduced_ = false, started_ = false;
  std::optional<Neighbors> neighbors_;
  NeighborMethod neighbor_method_ = NeighborMethod::automatic;
  double neighbor_recall_ = 0;
  std::optional<Affinities> affinities_;
  PackedAffinities packed_;  // the same edges, where the method is approximate anyway; made by the step that needs them
  double entropy_ = 0;       // sum of p log p
  std::unique_ptr<Repulsion> repulsion_;
  // Row r of what follows, and of P once it is started, is point order_[r].
  std::vector<std::uint32_t> order_;
  AlignedVector<float> positions_, next_, velocity_, gains_, forces_;
  // By chunk of rows.
  std::vector<DescentSums> step_sums_;
  std::vector<double> energies_;
  std::uint64_t iteration_ = 0;
  std::optional<std::uint64_t> diverged_at_;
  std::array<double, kStages> seconds_{};
};

}  // namespace sigma
