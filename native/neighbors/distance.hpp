#pragma once

#include <optional>
#include <string_view>

#include "distance_kernels.hpp"
#include "gaussians.hpp"

namespace sigma {

// A squared distance between points, by name. It refers to the points and must not outlive them.
class Distance {
 public:
  // Throws std::invalid_argument for an unknown name, or one that needs sigma where there is none.
  Distance(std::string_view name, const Gaussians& points);

  const char* name() const { return kernel_->name; }
  const Gaussians& points() const { return *points_; }

  // out[64 * i + j] = squared distance of row i of block `rows` and row j of block `columns`.
  void tile(std::size_t rows, std::size_t columns, float* out) const {
    kernel_->tile(block(rows), block(columns), points_->dims(), out);
  }

  // Squared distance of points i and j, in float64.
  double squared(std::size_t i, std::size_t j) const {
    constexpr std::size_t kBlock = PackedMatrix::kBlock;
    return kernel_->pair(block(i / kBlock), i % kBlock, block(j / kBlock), j % kBlock, points_->dims());
  }

 private:
  DistanceBlock block(std::size_t b) const {
    return {points_->means.block(b), kernel_->uses_sigma ? points_->variances.block(b) : nullptr};
  }

  const DistanceKernel* kernel_;
  const Gaussians* points_;
};

// Whether the distance uses sigma; nothing for an unknown name.
std::optional<bool> uses_sigma(std::string_view name);

}  // namespace sigma
