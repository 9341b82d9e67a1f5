#include "distance_rows.hpp"

#include <algorithm>
#include <limits>

namespace sigma {
namespace {

constexpr std::size_t kBlock = PackedMatrix::kBlock;

}  // namespace

DistanceRows::DistanceRows(const Distance& distance, std::span<const std::uint32_t> order, ThreadTeam& team)
    : rows_(distance, order, team), stride_((rows_.count() + kBlock - 1) / kBlock * kBlock) {
  if (order.empty()) return;
  ordered_.emplace(rows_, rows_.count());
  team.for_each(stride_ / kBlock, [&](std::size_t b, unsigned) {
    std::uint32_t names[kBlock];
    const std::size_t size = std::min(kBlock, rows_.count() - b * kBlock);
    for (std::size_t i = 0; i < size; ++i) names[i] = static_cast<std::uint32_t>(b * kBlock + i);
    ordered_->gather(b, rows_, std::span(names, size));
  });
}

DistanceRows::Scratch::Scratch(const DistanceRows& rows)
    : stride_(rows.stride_), own_(rows.rows_, kBlock), tile_(kBlock * kBlock), values_(kTogether * rows.stride_) {}

void DistanceRows::fill(std::span<const std::uint32_t> points, Scratch& scratch) const {
  const Distance& distance = rows_.distance();
  scratch.own_.gather(0, rows_, points);
  for (std::size_t b = 0; b < stride_ / kBlock; ++b) {
    distance.tile(scratch.own_.block(0), ordered_ ? ordered_->block(b) : distance.block(b), points.size(), kBlock,
                  scratch.tile_.data());
    for (std::size_t r = 0; r < points.size(); ++r) {
      std::copy_n(&scratch.tile_[r * kBlock], kBlock, &scratch.values_[r * stride_ + b * kBlock]);
    }
  }
  constexpr float kNone = std::numeric_limits<float>::infinity();
  for (std::size_t r = 0; r < points.size(); ++r) {
    float* row = &scratch.values_[r * stride_];
    std::fill(row + count(), row + stride_, kNone);
    row[points[r]] = kNone;
  }
}

}  // namespace sigma
