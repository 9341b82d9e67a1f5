#pragma once

#include <cstdint>

#include "options.hpp"

namespace sigma {

// The settings that the schedule gives for one iteration.
struct StepSettings {
  Optimizer optimizer;
  double exaggeration, momentum;
  double learning_rate;  // in units of the curvature step for Optimizer::curvature
  // [0, 1] Factor of the momentum after an iteration in which the velocities led uphill.
  double kept_uphill = 1;
};

// Optimizer::momentum has two phases, early exaggeration and the rest, each with constant settings.
//
// Optimizer::curvature lowers the exaggeration while the embedding still forms, and raises the momentum when the
// exaggeration has almost ended. At this time the embedding has to expand to a hundred times its size, in one
// direction, and high momentum needs few iterations for that. Afterwards the momentum falls again, so that the
// oscillations that it caused die out. docs/decisions/optimization.md has the measurements.
StepSettings settings_at(const Options& options, std::uint64_t iteration);

// The iteration from which the settings stay the same.
std::uint64_t end_of_schedule(const Options& options);

}  // namespace sigma
