#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "../affinity/affinities.hpp"
#include "../affinity/packed_affinities.hpp"
#include "../support/aligned.hpp"
#include "../support/threads.hpp"
#include "gradient_descent_kernels.hpp"
#include "schedule.hpp"

namespace sigma {

// Beyond this coordinate, float32 cannot resolve differences of the size of the kernel's width, 1. The embedding has
// diverged.
constexpr float kLargestPosition = 1e8f;

// The optimizer state that is saved with a run. Rows are n x stride_of(output dimensions).
struct OptimizerState {
  AlignedVector<float> velocity, gains;
  // Mean curvature of the attraction over all points, in the last iteration.
  double mean_curvature = 0;
  // Whether the velocities of all points together led uphill in the last iteration.
  bool climbs = false;
};

// The optimizer: gradient descent with momentum (Polyak 1964) and one gain per coordinate (Jacobs 1988; van der Maaten
// & Hinton 2008). With Optimizer::curvature, the step of a point is divided by the curvature of a parabola that bounds
// its attraction from above (Yang, Peltonen & Kaski 2015). These steps need no learning rate. The object owns the
// optimizer state; the caller owns the positions, P and the repulsion. All rows are in the order of the caller's rows.
class GradientDescent {
 public:
  GradientDescent(std::size_t n, int output_dimensions) : count_(n), output_dimensions_(output_dimensions) {}

  // Starts with all points at rest and all gains 1.
  void start();
  // Continues from the state of another run.
  void resume(OptimizerState state) { state_ = std::move(state); }
  // Allocates the working memory of the steps. Must be called once before the first step.
  void make_room();

  const OptimizerState& state() const { return state_; }

  // Reorders the rows of the state and of the positions: the new row r is the old row order[r]. Never throws.
  void sort_rows(const std::vector<std::uint32_t>& order, AlignedVector<float>& positions);

  // Runs one iteration: moves the positions against the gradient and centers them. `repulsion` and `z` must belong to
  // the current positions (Repulsion::compute). P is read from `packed`, or from `p` if `packed` is empty. Returns
  // false if the embedding has diverged. In this case the positions do not change, but the state does.
  bool step(const StepSettings& settings, double degrees_of_freedom, const Affinities& p,
            const PackedAffinities& packed, const AlignedVector<float>& repulsion, double z,
            AlignedVector<float>& positions, ThreadTeam& team);

 private:
  GradientDescentStep describe_step(const StepSettings& settings, double degrees_of_freedom, const Affinities& p,
                                    const PackedAffinities& packed, const AlignedVector<float>& repulsion, double z,
                                    const AlignedVector<float>& positions);
  // Computes the mean of the new positions. Returns false if a position is out of bounds.
  bool find_mean(float (&mean)[3]) const;

  std::size_t count_;
  int output_dimensions_;
  OptimizerState state_;
  AlignedVector<float> next_;                   // the new positions
  std::vector<GradientDescentSums> step_sums_;  // one per chunk of rows
};

// The KL divergence without the terms for the entropy of P and log Z: the sum over all edges of -p_ij log w_ij.
class AttractionEnergy {
 public:
  double compute(const Affinities& p, const AlignedVector<float>& positions, int output_dimensions,
                 double degrees_of_freedom, ThreadTeam& team);

 private:
  std::vector<double> parts_;  // one per chunk of rows
};

}  // namespace sigma
