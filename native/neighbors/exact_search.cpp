#include "exact_search.hpp"

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include "nearest_lists.hpp"
#include "projection_tree.hpp"

namespace sigma {
namespace {

constexpr std::size_t kBlock = PackedMatrix::kBlock;
constexpr std::size_t kGrain = 256;
// The search starts with near points. The bounds of the lists are then low early on, and few later candidates enter the
// lists. The order does not change the result.
constexpr std::size_t kNearPoints = 512;
constexpr std::uint64_t kSeed = 0;

// Each thread works on groups of blocks. Two groups fit into the second-level cache together. Small data get smaller
// groups, so that many threads have work.
std::size_t blocks_a_group(std::size_t blocks) {
  return std::clamp<std::size_t>(blocks / 64, 1, 8);
}

// The two groups of match `match` in round `round` of a tournament. Each of the `players`, an even number, meets every
// other player once in players - 1 rounds: one player stays in its place and the others move on around a circle.
std::pair<std::size_t, std::size_t> pair_up(std::size_t round, std::size_t match, std::size_t players) {
  const std::size_t circle = players - 1;
  const std::size_t a = match == 0 ? circle : (round + match) % circle;
  const std::size_t b = (round + circle - match) % circle;
  return {std::min(a, b), std::max(a, b)};
}

}  // namespace

Neighbors search_exactly(const Distance& distance, std::size_t k, ThreadTeam& team, const Cancellation& cancellation,
                         const std::function<void(double)>& progress) {
  const std::size_t n = distance.count(), blocks = distance.blocks(), size = blocks_a_group(blocks);
  const std::size_t groups = (blocks + size - 1) / size, players = groups + groups % 2;
  std::vector<std::uint32_t> order;
  PointBlocks points;
  {
    const PointRows rows(distance, {}, team);
    order = grow_tree(rows, kNearPoints, Random(kSeed), cancellation).order;
    points = PointBlocks(rows, n);
    team.for_each(blocks, [&](std::size_t b, unsigned) {
      points.gather(b, rows, std::span(order).subspan(b * kBlock, std::min(kBlock, n - b * kBlock)));
    });
  }
  NearestLists lists(n, k);
  std::vector<TileJoin> joins(team.size());
  const auto block = [&](std::size_t b) {
    return BlockOfLists{.values = points.block(b),
                        .size = std::min(kBlock, n - b * kBlock),
                        .first = b * kBlock,
                        .indices = &order[b * kBlock]};
  };
  const auto join = [&](std::size_t rows, std::size_t columns, unsigned worker) {
    for (std::size_t a = rows * size; a < std::min((rows + 1) * size, blocks); ++a) {
      cancellation.check();
      for (std::size_t b = std::max(columns * size, a); b < std::min((columns + 1) * size, blocks); ++b) {
        joins[worker].offer(distance, block(a), block(b), lists);
      }
    }
  };

  // No two matches of a round share a group, so only one thread at a time uses a list.
  team.for_each(groups, [&](std::size_t group, unsigned worker) { join(group, group, worker); });
  for (std::size_t round = 0; round + 1 < players; ++round) {
    progress(static_cast<double>(round) / static_cast<double>(players));
    team.for_each(players / 2, [&](std::size_t match, unsigned worker) {
      const auto [rows, columns] = pair_up(round, match, players);
      if (columns < groups) join(rows, columns, worker);
    });
  }

  Neighbors result{
      .count = n, .k = k, .indices = std::vector<std::uint32_t>(n * k), .squared = std::vector<float>(n * k)};
  team.for_ranges(n, kGrain, [&](std::size_t first, std::size_t last, std::size_t) {
    cancellation.check();
    NearestLists::Scratch scratch;
    for (std::size_t r = first; r < last; ++r) {
      lists.take(r, &result.indices[order[r] * k], &result.squared[order[r] * k], scratch);
    }
  });
  progress(1);
  return result;
}

}  // namespace sigma
