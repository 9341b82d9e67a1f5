#include "schedule.hpp"

#include <algorithm>
#include <cmath>

namespace sigma {
namespace {

// The exaggeration is constant for this share of its iterations, then falls geometrically.
constexpr double kConstantPart = 0.5;

// The number of iterations from one knot of 1 - momentum to the next. Between knots, 1 - momentum changes
// geometrically. The first knot comes kWarmUp iterations before the exaggeration ends, or at the start.
constexpr std::uint64_t kWarmUp = 40, kRise = 35, kCruise = 40, kFall = 160;
constexpr double kFirmDamping = 0.1, kLightDamping = 0.015;
// Once the exaggeration is at most kAlmostLast times the final one, momentum that leads uphill is multiplied by
// kKeptUphill. Before that, the objective changes with every iteration, and the embedding may still be collapsed.
constexpr double kAlmostLast = 2, kKeptUphill = 0.8;

// Goes geometrically from `first` at t = 0 to `last` at t = 1, and is constant before and after.
double between(double first, double last, double t) {
  return first * std::pow(last / first, std::clamp(t, 0.0, 1.0));
}

std::uint64_t begin_of_rise(const Options& options) {
  return std::max(options.early_exaggeration_iterations, kWarmUp) - kWarmUp;
}

double falling_exaggeration(const Options& options, double t) {
  const auto end = static_cast<double>(options.early_exaggeration_iterations);
  if (t >= end) return options.exaggeration;
  const double constant = kConstantPart * end;
  return between(options.early_exaggeration, options.exaggeration, (t - constant) / (end - constant));
}

double damping(const Options& options, double t) {
  const auto risen = static_cast<double>(begin_of_rise(options) + kRise);
  if (t <= risen) return between(kLightDamping, kFirmDamping, (risen - t) / kRise);
  return between(kLightDamping, kFirmDamping, (t - risen - kCruise) / kFall);
}

}  // namespace

StepSettings settings_at(const Options& options, std::uint64_t iteration) {
  if (options.optimizer == Optimizer::curvature) {
    const auto t = static_cast<double>(iteration);
    const double exaggeration = falling_exaggeration(options, t);
    return {.optimizer = Optimizer::curvature,
            .exaggeration = exaggeration,
            .momentum = 1 - damping(options, t),
            .learning_rate = 1,
            .kept_uphill = exaggeration > kAlmostLast * options.exaggeration ? 1 : kKeptUphill};
  }
  const bool is_early = iteration < options.early_exaggeration_iterations;
  return {.optimizer = Optimizer::momentum,
          .exaggeration = is_early ? options.early_exaggeration : options.exaggeration,
          .momentum = is_early ? options.momentum : options.final_momentum,
          .learning_rate = is_early ? options.learning_rate : options.final_learning_rate};
}

std::uint64_t end_of_schedule(const Options& options) {
  if (options.optimizer == Optimizer::momentum) return options.early_exaggeration_iterations;
  return begin_of_rise(options) + kRise + kCruise + kFall;
}

}  // namespace sigma
