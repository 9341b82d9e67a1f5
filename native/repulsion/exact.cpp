#include "exact.hpp"

#include <algorithm>

#include "repulsion_kernels.hpp"

namespace sigma {
namespace {

constexpr std::size_t kGrain = 64;
constexpr std::size_t kPadding = 16;

}  // namespace

double ExactRepulsion::compute(const float* positions, std::size_t n, float* forces) {
  const std::size_t stride = stride_of(output_dimensions_), padded = (n + kPadding - 1) / kPadding * kPadding;
  const float* list[5] = {};
  float* own_forces[3] = {};
  for (int d = 0; d < output_dimensions_; ++d) {
    list_[d].assign(padded, 0.0f);
    forces_[d].resize(n);
    for (std::size_t i = 0; i < n; ++i) list_[d][i] = positions[i * stride + static_cast<std::size_t>(d)];
    list[d] = list_[d].data();
    own_forces[d] = forces_[d].data();
  }
  AlignedVector<float>& masses = list_[output_dimensions_];
  masses.assign(padded, 0.0f);
  std::fill_n(masses.begin(), n, 1.0f);
  list_[output_dimensions_ + 1].assign(padded, 0.0f);
  list[output_dimensions_] = masses.data();
  list[output_dimensions_ + 1] = list_[output_dimensions_ + 1].data();

  sums_.resize((n + kGrain - 1) / kGrain);
  team_.for_ranges(n, kGrain, [&](std::size_t first, std::size_t last, std::size_t chunk) {
    if (cancellation_ != nullptr) cancellation_->check();
    sums_[chunk] = repulsion_kernels().all_pairs(output_dimensions_, list, padded, list, first, last,
                                                 degrees_of_freedom_, own_forces);
    for (std::size_t i = first; i < last; ++i) {
      for (int d = 0; d < output_dimensions_; ++d) forces[i * stride + static_cast<std::size_t>(d)] = forces_[d][i];
    }
  });
  double z = -static_cast<double>(n);
  for (const double part : sums_) z += part;
  return z;
}

}  // namespace sigma
