#include "gradient_descent.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "../repulsion/repulsion.hpp"

namespace sigma {
namespace {

constexpr std::size_t kGrain = 512;

}  // namespace

StepSettings settings_at(const Options& options, std::uint64_t iteration) {
  const bool is_early = iteration < options.early_exaggeration_iterations;
  return {.exaggeration = is_early ? options.early_exaggeration : options.exaggeration,
          .momentum = is_early ? options.momentum : options.final_momentum,
          .learning_rate = is_early ? options.learning_rate : options.final_learning_rate};
}

void GradientDescent::start() {
  velocity_.assign(count_ * stride_of(output_dimensions_), 0.0f);
  gains_.assign(count_ * stride_of(output_dimensions_), 1.0f);
}

void GradientDescent::resume(AlignedVector<float> velocity, AlignedVector<float> gains) {
  velocity_ = std::move(velocity);
  gains_ = std::move(gains);
}

void GradientDescent::make_room() {
  next_.assign(count_ * stride_of(output_dimensions_), 0.0f);
  step_sums_.resize((count_ + kGrain - 1) / kGrain);
}

void GradientDescent::sort_rows(const std::vector<std::uint32_t>& order, AlignedVector<float>& positions) {
  const std::size_t stride = stride_of(output_dimensions_);
  for (AlignedVector<float>* rows : {&positions, &velocity_, &gains_}) {
    for (std::size_t r = 0; r < count_; ++r) std::copy_n(&(*rows)[order[r] * stride], stride, &next_[r * stride]);
    rows->swap(next_);
  }
}

bool GradientDescent::step(const StepSettings& settings, double degrees_of_freedom, const Affinities& p,
                           const PackedAffinities& packed, const AlignedVector<float>& repulsion, double z,
                           AlignedVector<float>& positions, ThreadTeam& team) {
  const std::size_t stride = stride_of(output_dimensions_);
  const GradientDescentStep step{.offsets = p.offsets.data(),
                                 .columns = p.columns.data(),
                                 .values = p.values.data(),
                                 .positions = positions.data(),
                                 .repulsion = repulsion.data(),
                                 .next = next_.data(),
                                 .velocity = velocity_.data(),
                                 .gains = gains_.data(),
                                 .exaggeration = static_cast<float>(settings.exaggeration),
                                 .inverse_z = static_cast<float>(1.0 / z),
                                 .momentum = static_cast<float>(settings.momentum),
                                 .learning_rate = static_cast<float>(settings.learning_rate),
                                 .degrees_of_freedom = static_cast<float>(degrees_of_freedom),
                                 .packed_offsets = packed.offsets.empty() ? nullptr : packed.offsets.data(),
                                 .packed_edges = packed.edges.data(),
                                 .column_mask = packed.column_mask,
                                 .unit = packed.unit};
  team.for_ranges(count_, kGrain, [&](std::size_t first, std::size_t last, std::size_t chunk) {
    GradientDescentSums sums{};
    gradient_descent_kernels().step(output_dimensions_, step, first, last, sums);
    step_sums_[chunk] = sums;
  });
  float mean[3] = {};
  if (!find_mean(mean)) return false;
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
