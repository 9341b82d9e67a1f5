#include "gradient_descent.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

#include "../repulsion/repulsion.hpp"

namespace sigma {
namespace {

constexpr std::size_t kGrain = 512;
// The curvature counts as at least this fraction of the mean curvature. This keeps points that are far from their
// neighbors from taking huge steps.
constexpr double kLeastCurvature = 0.5;
// The curvature also counts as at least that of edges with this mean weight. Otherwise points that no edge holds
// together would move apart ever faster.
constexpr double kLeastWeight = 0.02;
// The gains must not grow without limit, because the curvature already adapts the step to each point.
constexpr float kLargestGain = 2;

}  // namespace

void GradientDescent::start() {
  const std::size_t size = count_ * stride_of(output_dimensions_);
  state_.velocity.assign(size, 0.0f);
  state_.gains.assign(size, 1.0f);
  // The curvature if all points are at one position: the weights are 1, and the sum of P is 1.
  state_.mean_curvature = 1.0 / static_cast<double>(count_);
}

void GradientDescent::make_room() {
  next_.assign(count_ * stride_of(output_dimensions_), 0.0f);
  step_sums_.resize((count_ + kGrain - 1) / kGrain);
}

void GradientDescent::sort_rows(const std::vector<std::uint32_t>& order, AlignedVector<float>& positions) {
  const std::size_t stride = stride_of(output_dimensions_);
  for (AlignedVector<float>* rows : {&positions, &state_.velocity, &state_.gains}) {
    for (std::size_t r = 0; r < count_; ++r) std::copy_n(&(*rows)[order[r] * stride], stride, &next_[r * stride]);
    rows->swap(next_);
  }
}

GradientDescentStep GradientDescent::describe_step(const StepSettings& settings, double degrees_of_freedom,
                                                   const Affinities& p, const PackedAffinities& packed,
                                                   const AlignedVector<float>& repulsion, double z,
                                                   const AlignedVector<float>& positions) {
  const bool divides = settings.optimizer == Optimizer::curvature;
  const double least_curvature =
      std::max(kLeastCurvature * state_.mean_curvature, kLeastWeight / static_cast<double>(count_));
  // Reduces the momentum after it has overshot. Setting it to zero (O'Donoghue & Candes 2015) would also stop the slow
  // expansion of the whole embedding whenever a few points oscillate.
  const double momentum = settings.momentum * (state_.climbs ? settings.kept_uphill : 1);
  return {.offsets = p.offsets.data(),
          .columns = p.columns.data(),
          .values = p.values.data(),
          .positions = positions.data(),
          .repulsion = repulsion.data(),
          .next = next_.data(),
          .velocity = state_.velocity.data(),
          .gains = state_.gains.data(),
          .exaggeration = static_cast<float>(settings.exaggeration),
          .inverse_z = static_cast<float>(1.0 / z),
          .momentum = static_cast<float>(momentum),
          .learning_rate = static_cast<float>(settings.learning_rate),
          .degrees_of_freedom = static_cast<float>(degrees_of_freedom),
          .least_curvature = divides ? static_cast<float>(least_curvature) : 0.0f,
          .largest_gain = divides ? kLargestGain : std::numeric_limits<float>::infinity(),
          .packed_offsets = packed.offsets.empty() ? nullptr : packed.offsets.data(),
          .packed_edges = packed.edges.data(),
          .column_mask = packed.column_mask,
          .unit = packed.unit};
}

bool GradientDescent::step(const StepSettings& settings, double degrees_of_freedom, const Affinities& p,
                           const PackedAffinities& packed, const AlignedVector<float>& repulsion, double z,
                           AlignedVector<float>& positions, ThreadTeam& team) {
  const std::size_t stride = stride_of(output_dimensions_);
  const GradientDescentStep step = describe_step(settings, degrees_of_freedom, p, packed, repulsion, z, positions);
  team.for_ranges(count_, kGrain, [&](std::size_t first, std::size_t last, std::size_t chunk) {
    GradientDescentSums sums{};
    gradient_descent_kernels().step(output_dimensions_, step, first, last, sums);
    step_sums_[chunk] = sums;
  });
  float mean[3] = {};
  if (!find_mean(mean)) return false;
  state_.mean_curvature = 0;
  double slope = 0;
  for (const GradientDescentSums& part : step_sums_) {
    slope += part.slope;
    state_.mean_curvature += part.curvature / static_cast<double>(count_);
  }
  state_.climbs = slope > 0;
  team.for_ranges(count_, 8 * kGrain, [&](std::size_t first, std::size_t last, std::size_t) {
    for (std::size_t i = first; i < last; ++i) {
      for (std::size_t d = 0; d < static_cast<std::size_t>(output_dimensions_); ++d) next_[i * stride + d] -= mean[d];
    }
  });
  positions.swap(next_);
  return true;
}

bool GradientDescent::find_mean(float (&mean)[3]) const {
  for (std::size_t d = 0; d < static_cast<std::size_t>(output_dimensions_); ++d) {
    double sum = 0;
    for (const GradientDescentSums& part : step_sums_) {
      if (part.largest > kLargestPosition) return false;
      sum += part.next[d];
    }
    mean[d] = static_cast<float>(sum / static_cast<double>(count_));
  }
  return true;
}

double AttractionEnergy::compute(const Affinities& p, const AlignedVector<float>& positions, int output_dimensions,
                                 double degrees_of_freedom, ThreadTeam& team) {
  const std::size_t n = p.count();
  GradientDescentStep embedding{};
  embedding.offsets = p.offsets.data();
  embedding.columns = p.columns.data();
  embedding.values = p.values.data();
  embedding.positions = positions.data();
  embedding.degrees_of_freedom = static_cast<float>(degrees_of_freedom);
  parts_.resize((n + kGrain - 1) / kGrain);
  team.for_ranges(n, kGrain, [&](std::size_t first, std::size_t last, std::size_t chunk) {
    parts_[chunk] = gradient_descent_kernels().attraction_energy(output_dimensions, embedding, first, last);
  });
  return std::accumulate(parts_.begin(), parts_.end(), 0.0);
}

}  // namespace sigma
