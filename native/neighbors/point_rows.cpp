#include "point_rows.hpp"

#include <algorithm>

namespace sigma {
namespace {

constexpr std::size_t kBlock = PackedMatrix::kBlock;

// A whole number of vectors of any width.
std::size_t stride_of(const PackedMatrix& matrix) {
  return (matrix.cols() + 15) / 16 * 16;
}

}  // namespace

PointRows::PointRows(const Distance& distance, std::span<const std::uint32_t> order, ThreadTeam& team)
    : distance_(&distance), count_(distance.count()), stride_(stride_of(distance.means())) {
  const auto copy = [&](const PackedMatrix& from, std::size_t stride, AlignedVector<float>& to) {
    to.resize(count_ * stride);
    team.for_ranges(count_, kBlock, [&](std::size_t first, std::size_t last, std::size_t) {
      for (std::size_t r = first; r < last; ++r) {
        const std::size_t point = order.empty() ? r : order[r];
        for (std::size_t k = 0; k < from.cols(); ++k) to[r * stride + k] = from.at(point, k);
      }
    });
  };
  copy(distance.means(), stride_, means_);
  if (distance.variances() == nullptr) return;
  variance_stride_ = distance.variances()->cols() == 1 ? 1 : stride_of(*distance.variances());
  copy(*distance.variances(), variance_stride_, variances_);
}

PointBlocks::PointBlocks(const PointRows& points, std::size_t capacity) : means_(capacity, points.cols()) {
  if (points.variances_.empty()) return;
  variances_ = PackedMatrix(capacity, points.distance_->variances()->cols());
  // Rows that are not filled must have a weight all the same.
  std::fill_n(variances_.block(0), variances_.blocks() * kBlock * variances_.cols(), 1.0f);
}

void PointBlocks::gather(std::size_t b, const PointRows& points, std::span<const std::uint32_t> rows) {
  const auto& kernels = distance_kernels();
  kernels.gather(points.means_.data(), points.stride_, rows.data(), rows.size(), points.cols(), means_.block(b));
  if (variances_.rows() == 0) return;
  kernels.gather(points.variances_.data(), points.variance_stride_, rows.data(), rows.size(), variances_.cols(),
                 variances_.block(b));
}

}  // namespace sigma
