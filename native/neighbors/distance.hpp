#pragma once

#include <optional>
#include <string_view>

#include "distance_kernels.hpp"
#include "gaussians.hpp"

namespace sigma {

// A squared distance between points, by name. It refers to the points and must not outlive them.
class Distance {
 public:
  // Makes what preparation of the points the distance needs. Throws std::invalid_argument for an unknown name, or one
  // that needs sigma where there is none.
  Distance(std::string_view name, const Gaussians& points);

  std::size_t count() const { return points_->count(); }
  // What is compared: the points' means, or what was prepared from them; and variances, or nullptr.
  const PackedMatrix& means() const { return kernel_->preparation == Preparation::none ? points_->means : prepared_; }
  const PackedMatrix* variances() const { return kernel_->uses_sigma ? &points_->variances : nullptr; }

  std::size_t blocks() const { return means().blocks(); }
  DistanceBlock block(std::size_t b) const {
    return {means().block(b), kernel_->uses_sigma ? points_->variances.block(b) : nullptr};
  }

  // out[64 * i + j] = squared distance of row i of one block and row j of the other, at least for i < height and
  // j < width; the same bits with the blocks exchanged.
  void tile(DistanceBlock rows, DistanceBlock columns, std::size_t height, std::size_t width, float* out) const {
    kernel_->tile(rows, columns, means().cols(), height, width, out);
  }

  // Squared distance of points i and j, in float64.
  double squared(std::size_t i, std::size_t j) const {
    constexpr std::size_t kBlock = PackedMatrix::kBlock;
    return kernel_->pair(block(i / kBlock), i % kBlock, block(j / kBlock), j % kBlock, means().cols());
  }

 private:
  const DistanceKernel* kernel_;
  const Gaussians* points_;
  PackedMatrix prepared_;
};

// Whether the distance uses sigma; nothing for an unknown name.
std::optional<bool> uses_sigma(std::string_view name);

}  // namespace sigma
