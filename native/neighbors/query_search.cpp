#include "query_search.hpp"

#include <algorithm>
#include <utility>

#include "nearest_lists.hpp"
#include "projection_tree.hpp"

namespace sigma {
namespace {

constexpr std::size_t kBlock = PackedMatrix::kBlock;
// Near points lie together in memory. A query's list then fills with its neighbors early, and few later candidates
// enter it.
constexpr std::size_t kNearPoints = 512;
constexpr std::uint64_t kSeed = 0;
// This many blocks of queries share the cost of loading a block of points.
constexpr std::size_t kBlocksPerTask = 4;

// Fills the list with arbitrary other points. Points whose distance leaves the range of float32 count as equally far.
void fill_up(std::uint32_t* indices, float* squared, std::size_t held, std::size_t k, std::uint32_t own) {
  for (std::uint32_t point = 0; held < k; ++point) {
    if (point == own || std::find(indices, indices + held, point) != indices + held) continue;
    indices[held] = point;
    squared[held++] = std::numeric_limits<float>::max();
  }
}

}  // namespace

QuerySearch::QuerySearch(Distance distance, ThreadTeam& team, const Cancellation& cancellation)
    : distance_(std::move(distance)) {
  const PointRows rows(distance_, {}, team);
  order_ = grow_tree(rows, kNearPoints, Random(kSeed), cancellation).order;
  blocks_ = PointBlocks(rows, order_.size());
  team.for_each(distance_.blocks(), [&](std::size_t b, unsigned) {
    blocks_.gather(b, rows, std::span(order_).subspan(b * kBlock, std::min(kBlock, order_.size() - b * kBlock)));
  });
}

Neighbors QuerySearch::search(const Gaussians& queries, std::span<const std::uint32_t> own, std::size_t k,
                              ThreadTeam& team, const Cancellation& cancellation,
                              const std::function<void(std::size_t)>& progress) const {
  const Distance prepared(distance_, queries);
  const std::size_t count = queries.count(), n = order_.size();
  Neighbors result{.count = count,
                   .k = k,
                   .indices = std::vector<std::uint32_t>(count * k),
                   .squared = std::vector<float>(count * k)};
  team.for_ranges(count, kBlocksPerTask * kBlock, [&](std::size_t first, std::size_t last, std::size_t) {
    NearestLists lists(last - first, k);
    TileJoin join;
    NearestLists::Scratch scratch;
    for (std::size_t b = 0; b < distance_.blocks(); ++b) {
      if (b % 16 == 0) cancellation.check();
      const BlockOfLists points{.values = blocks_.block(b),
                                .size = std::min(kBlock, n - b * kBlock),
                                .first = 0,
                                .indices = &order_[b * kBlock]};
      for (std::size_t q = first; q < last; q += kBlock) {
        const BlockOfLists block{.values = prepared.block(q / kBlock),
                                 .size = std::min(kBlock, last - q),
                                 .first = q - first,
                                 .indices = &own[q]};
        join.offer_to_first(distance_, block, points, lists);
      }
    }
    for (std::size_t q = first; q < last; ++q) {
      const std::size_t held = lists.take(q - first, &result.indices[q * k], &result.squared[q * k], scratch);
      if (held < k) fill_up(&result.indices[q * k], &result.squared[q * k], held, k, own[q]);
    }
    progress(last - first);
  });
  return result;
}

}  // namespace sigma
