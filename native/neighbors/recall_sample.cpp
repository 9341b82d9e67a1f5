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

RecallSample::RecallSample(const PointRows& points, std::size_t k, std::size_t size, Random random, ThreadTeam& team,
                           const Cancellation& cancellation)
    : k_(k), rows_(draw(points.count(), std::min(size, points.count()), random)), farthest_(rows_.size()) {
  const std::size_t n = points.count();
  PointBlocks sample(points, rows_.size());
  const std::size_t blocks = (rows_.size() + kBlock - 1) / kBlock;
  team.for_each(blocks, [&](std::size_t b, unsigned) {
    const std::span<const std::uint32_t> rows =
        std::span(rows_).subspan(b * kBlock).first(std::min(kBlock, rows_.size() - b * kBlock));
    sample.gather(b, points, rows);
    NearestLists lists(rows.size(), k);
    TileJoin join;
    PointBlocks others(points, kBlock);
    std::vector<std::uint32_t> indices_of_others(kBlock);
    for (std::size_t first = 0; first < n; first += kBlock) {
      cancellation.check();
      const std::size_t count = std::min(kBlock, n - first);
      std::iota(indices_of_others.begin(), indices_of_others.end(), static_cast<std::uint32_t>(first));
      others.gather(0, points, std::span(indices_of_others).first(count));
      join.offer_to_first(
          points.distance(), {.values = sample.block(b), .size = rows.size(), .first = 0, .indices = rows.data()},
          {.values = others.block(0), .size = count, .first = 0, .indices = indices_of_others.data()}, lists);
    }
    std::vector<std::uint32_t> indices(k);
    std::vector<float> squared(k);
    NearestLists::Scratch scratch;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      lists.take(i, indices.data(), squared.data(), scratch);
      farthest_[b * kBlock + i] = squared[k - 1];
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
