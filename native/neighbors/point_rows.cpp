#include "point_rows.hpp"

#include <algorithm>
#include <vector>

namespace sigma {
namespace {

constexpr std::size_t kBlock = PackedMatrix::kBlock;

// The number of columns, rounded up to a whole number of vectors of any width.
std::size_t stride_of(const PackedMatrix& matrix) {
  return (matrix.cols() + 15) / 16 * 16;
}

// Copies up to 64 rows into a block.
void copy_rows(const PackedMatrix& from, std::span<const std::uint32_t> rows, float* block) {
  const float* first[kBlock];
  for (std::size_t e = 0; e < rows.size(); ++e) first[e] = from.block(rows[e] / kBlock) + rows[e] % kBlock;
  for (std::size_t k = 0; k < from.cols(); ++k) {
    for (std::size_t e = 0; e < rows.size(); ++e) block[k * kBlock + e] = first[e][k * kBlock];
  }
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

PointBlocks::PointBlocks(const Distance& distance, std::size_t capacity) : means_(capacity, distance.means().cols()) {
  if (distance.variances() == nullptr) return;
  variances_ = PackedMatrix(capacity, distance.variances()->cols());
  // The unused rows also need a positive variance; otherwise a tile would divide zero by zero.
  std::fill_n(variances_.block(0), variances_.blocks() * kBlock * variances_.cols(), 1.0f);
}

void PointBlocks::gather(std::size_t b, const PointRows& points, std::span<const std::uint32_t> rows) {
  const auto& kernels = distance_kernels();
  kernels.gather(points.means_.data(), points.stride_, rows.data(), rows.size(), points.cols(), means_.block(b));
  if (variances_.rows() == 0) return;
  kernels.gather(points.variances_.data(), points.variance_stride_, rows.data(), rows.size(), variances_.cols(),
                 variances_.block(b));
}

void PointBlocks::gather(std::size_t b, const Distance& points, std::span<const std::uint32_t> rows) {
  copy_rows(points.means(), rows, means_.block(b));
  if (variances_.rows() > 0) copy_rows(*points.variances(), rows, variances_.block(b));
}

void PointBlocks::gather(std::size_t b, const PointBlocks& points, std::span<const std::uint32_t> rows) {
  copy_rows(points.means_, rows, means_.block(b));
  if (variances_.rows() > 0) copy_rows(points.variances_, rows, variances_.block(b));
}

void PointBlocks::average(std::size_t r, const PointBlocks& points, std::span<const std::uint32_t> rows) {
  const auto mean_of = [&](const PackedMatrix& from, PackedMatrix& to) {
    std::vector<double> sums(from.cols(), 0.0);
    for (const std::uint32_t row : rows) {
      const float* values = from.block(row / kBlock) + row % kBlock;
      for (std::size_t k = 0; k < sums.size(); ++k) sums[k] += static_cast<double>(values[k * kBlock]);
    }
    for (std::size_t k = 0; k < sums.size(); ++k) {
      to.at(r, k) = static_cast<float>(sums[k] / static_cast<double>(rows.size()));
    }
  };
  mean_of(points.means_, means_);
  if (variances_.rows() > 0) mean_of(points.variances_, variances_);
}

}  // namespace sigma
