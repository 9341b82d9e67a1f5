#include "recall_sample.hpp"

#include <algorithm>
#include <numeric>

#include "nearest_lists.hpp"

namespace sigma {
namespace {

constexpr std::size_t kBlock = PackedMatrix::kBlock;

std::vector<std::uint32_t> draw(std::size_t count, std::size_t size, Random random) {
  std::vector<std::uint32_t> rows(count);
  std::iota(rows.begin(), rows.end(), 0u);
  for (std::size_t i = 0; i < size; ++i) std::swap(rows[i], rows[i + random.bits() % (count - i)]);
  rows.resize(size);
  return rows;
}

}  // namespace

RecallSample::RecallSample(const Distance& distance, const PointCells& cells, std::size_t k, std::size_t size,
                           Random random, ThreadTeam& team, const Cancellation& cancellation)
    : k_(k),
      rows_(draw(distance.count(), std::min(size, distance.count()), random)),
      neighbors_(rows_.size() * k),
      farthest_(rows_.size()) {
  team.for_each((rows_.size() + kBlock - 1) / kBlock, [&](std::size_t b, unsigned) {
    const std::size_t first = b * kBlock, count = std::min(kBlock, rows_.size() - first);
    const std::span<const std::uint32_t> rows = std::span(rows_).subspan(first, count);
    PointBlocks sampled(distance, kBlock);
    sampled.gather(0, distance, rows);
    const BlockOfLists block{.values = sampled.block(0), .size = count, .first = 0, .indices = rows.data()};
    NearestLists lists(count, k);
    TileJoin join;
    for (std::size_t c = 0; c < cells.count(); ++c) {
      cancellation.check();
      const std::span<const std::uint32_t> members = cells.members(c);
      for (std::size_t m = 0; m < members.size(); m += kBlock) {
        join.offer_to_first(distance, block,
                            {.values = cells.points().block(cells.first_block(c) + m / kBlock),
                             .size = std::min(kBlock, members.size() - m),
                             .first = 0,
                             .indices = &members[m]},
                            lists);
      }
    }
    std::vector<float> squared(k);
    NearestLists::Scratch scratch;
    for (std::size_t i = 0; i < count; ++i) {
      lists.take(i, &neighbors_[(first + i) * k], squared.data(), scratch);
      farthest_[first + i] = squared[k - 1];
    }
  });
}

double RecallSample::measure(const float* squared) const {
  std::size_t found = 0;
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    const float* row = squared + rows_[i] * k_;
    found += static_cast<std::size_t>(std::upper_bound(row, row + k_, farthest_[i]) - row);
  }
  return static_cast<double>(found) / static_cast<double>(rows_.size() * k_);
}

}  // namespace sigma
