#pragma once

#include <cstdint>
#include <vector>

#include "../affinity/affinities.hpp"
#include "../affinity/packed_affinities.hpp"
#include "../support/aligned.hpp"
#include "../support/threads.hpp"
#include "gradient_descent_kernels.hpp"
#include "options.hpp"

namespace sigma {

// Beyond this, float32 cannot distinguish points at the kernel's width of 1: the embedding has diverged.
constexpr float kLargestPosition = 1e8f;

// What the schedule of the options prescribes for one iteration.
struct StepSettings {
  double exaggeration, momentum, learning_rate;
};
StepSettings settings_at(const Options& options, std::uint64_t iteration);

// The optimizer: gradient descent with momentum and one gain per coordinate (Jacobs 1988; van der Maaten & Hinton
// 2008). It owns the optimizer state, velocity and gains; the caller owns the positions, P and the repulsion. All rows
// are n x stride_of(output dimensions), in the order of the caller's rows.
class GradientDescent {
 public:
  GradientDescent(std::size_t n, int output_dimensions) : count_(n), output_dimensions_(output_dimensions) {}

  // All points at rest, with gains of 1.
  void start();
  // The state that another run has reached.
  void resume(AlignedVector<float> velocity, AlignedVector<float> gains);
  // Allocates the memory that steps work in. Must be called once before the first step.
  void make_room();

  const AlignedVector<float>& velocity() const { return velocity_; }
  const AlignedVector<float>& gains() const { return gains_; }

  // Sorts the rows of the state and of the positions: row r becomes what row order[r] was. Never throws.
  void sort_rows(const std::vector<std::uint32_t>& order, AlignedVector<float>& positions);

  // One iteration: moves the positions against the gradient and centers them. `repulsion` and `z` are those of the
  // positions (Repulsion::compute). P is read from `packed`, unless that is empty. Returns false if the embedding has
  // diverged; then the positions are those before the step, but the state is not.
  bool step(const StepSettings& settings, double degrees_of_freedom, const Affinities& p,
            const PackedAffinities& packed, const AlignedVector<float>& repulsion, double z,
            AlignedVector<float>& positions, ThreadTeam& team);

 private:
  // The mean of the new positions; false if one of them is out of bounds.
  bool find_mean(float (&mean)[3]) const;

  std::size_t count_;
  int output_dimensions_;
  AlignedVector<float> velocity_, gains_;
  AlignedVector<float> next_;                   // the new positions
  std::vector<GradientDescentSums> step_sums_;  // by chunk of rows
};

// KL divergence without its entropy and log Z: the sum over all edges of -p_ij log w_ij.
class AttractionEnergy {
 public:
  double compute(const Affinities& p, const AlignedVector<float>& positions, int output_dimensions,
                 double degrees_of_freedom, ThreadTeam& team);

 private:
  std::vector<double> parts_;  // by chunk of rows
};

}  // namespace sigma
