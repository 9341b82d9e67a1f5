#include "point_cells.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace sigma {
namespace {

constexpr std::size_t kBlock = PackedMatrix::kBlock;
// k-means uses a sample with this many points per centroid. More points or more iterations reduced the number of cells
// that a search has to visit by only a few percent.
constexpr std::size_t kSampled = 16;
constexpr int kIterations = 4;
constexpr std::size_t kGrain = 16;

// Items sorted into groups. The groups follow each other, each in ascending order.
struct Groups {
  std::vector<std::uint32_t> items;
  std::vector<std::size_t> offsets;

  Groups(std::span<const std::uint32_t> group_of_item, std::size_t groups)
      : items(group_of_item.size()), offsets(groups + 1, 0) {
    for (const std::uint32_t group : group_of_item) ++offsets[group + 1];
    std::partial_sum(offsets.begin(), offsets.end(), offsets.begin());
    std::vector<std::size_t> next(offsets.begin(), offsets.end() - 1);
    for (std::size_t i = 0; i < items.size(); ++i) items[next[group_of_item[i]]++] = static_cast<std::uint32_t>(i);
  }
  std::size_t count() const { return offsets.size() - 1; }
  std::span<const std::uint32_t> group(std::size_t g) const {
    return {&items[offsets[g]], offsets[g + 1] - offsets[g]};
  }
};

// Finds the nearest of `centers` centroids for each of `count` points. `block(b)` returns block b of the points.
template <class Block>
std::vector<std::uint32_t> find_nearest(const Distance& distance, Block&& block, std::size_t count,
                                        const PointBlocks& centroids, std::size_t centers, ThreadTeam& team,
                                        const Cancellation& cancellation) {
  std::vector<std::uint32_t> nearest(count, 0);
  std::vector<AlignedVector<float>> tiles(team.size(), AlignedVector<float>(kBlock * kBlock));
  team.for_each((count + kBlock - 1) / kBlock, [&](std::size_t b, unsigned worker) {
    cancellation.check();
    float least[kBlock];
    std::fill_n(least, kBlock, std::numeric_limits<float>::infinity());
    const std::size_t height = std::min(kBlock, count - b * kBlock);
    float* tile = tiles[worker].data();
    for (std::size_t first = 0; first < centers; first += kBlock) {
      const std::size_t width = std::min(kBlock, centers - first);
      distance.tile(block(b), centroids.block(first / kBlock), height, width, tile);
      for (std::size_t i = 0; i < height; ++i) {
        const Least found = distance_kernels().find_least(tile + i * kBlock, width);
        if (!(found.value < least[i])) continue;
        least[i] = found.value;
        nearest[b * kBlock + i] = static_cast<std::uint32_t>(first + found.position);
      }
    }
  });
  return nearest;
}

std::vector<std::uint32_t> draw_rows(std::size_t n, std::size_t count, Random& random) {
  std::vector<std::uint32_t> rows(n);
  std::iota(rows.begin(), rows.end(), 0u);
  for (std::size_t i = 0; i < count; ++i) std::swap(rows[i], rows[i + random.bits() % (n - i)]);
  rows.resize(count);
  return rows;
}

template <class Points>
void gather_all(PointBlocks& to, const Points& points, std::span<const std::uint32_t> rows, ThreadTeam& team) {
  team.for_ranges(rows.size(), kBlock, [&](std::size_t first, std::size_t last, std::size_t b) {
    to.gather(b, points, rows.subspan(first, last - first));
  });
}

// Computes centroids of the first `count` rows of the points by k-means, starting from randomly drawn points.
PointBlocks train(const Distance& distance, const PointBlocks& points, std::size_t count, std::size_t centers,
                  Random& random, ThreadTeam& team, const Cancellation& cancellation) {
  PointBlocks centroids(distance, centers);
  gather_all(centroids, points, draw_rows(count, centers, random), team);
  const auto block = [&](std::size_t b) { return points.block(b); };
  for (int iteration = 0; iteration < kIterations; ++iteration) {
    const Groups groups(find_nearest(distance, block, count, centroids, centers, team, cancellation), centers);
    team.for_ranges(centers, kGrain, [&](std::size_t first, std::size_t last, std::size_t) {
      for (std::size_t c = first; c < last; ++c) {
        if (!groups.group(c).empty()) centroids.average(c, points, groups.group(c));
      }
    });
  }
  return centroids;
}

}  // namespace

PointCells::PointCells(const Distance& distance, std::size_t size, Random random, ThreadTeam& team,
                       const Cancellation& cancellation) {
  const std::size_t n = distance.count(), centers = std::max<std::size_t>(1, n / size);
  PointBlocks centroids;
  {
    const std::size_t sampled = std::min(n, kSampled * centers);
    std::vector<std::uint32_t> rows = draw_rows(n, sampled, random);
    std::sort(rows.begin(), rows.end());
    PointBlocks sample(distance, sampled);
    gather_all(sample, distance, rows, team);
    centroids = train(distance, sample, sampled, centers, random, team, cancellation);
  }
  // Cells near each other get neighboring numbers. For this purpose the centroids are clustered themselves, and the
  // cells are numbered cluster by cluster.
  {
    const auto wider = static_cast<std::size_t>(std::sqrt(static_cast<double>(centers)));
    const PointBlocks around = train(distance, centroids, centers, wider, random, team, cancellation);
    const auto block = [&](std::size_t b) { return centroids.block(b); };
    const Groups groups(find_nearest(distance, block, centers, around, wider, team, cancellation), wider);
    PointBlocks ordered(distance, centers);
    gather_all(ordered, centroids, groups.items, team);
    centroids = std::move(ordered);
  }
  const auto block = [&](std::size_t b) { return distance.block(b); };
  Groups groups(find_nearest(distance, block, n, centroids, centers, team, cancellation), centers);
  // All copies of a point share one cell, which can be very large. Such cells are cut into pieces.
  offsets_ = {0};
  for (std::size_t g = 0; g < groups.count(); ++g) {
    const std::size_t members = groups.group(g).size();
    const std::size_t pieces = members > kLargest * size ? (members + size - 1) / size : members > 0 ? 1 : 0;
    for (std::size_t piece = 1; piece <= pieces; ++piece) {
      offsets_.push_back(groups.offsets[g] + members * piece / pieces);
    }
  }
  order_ = std::move(groups.items);
  place(distance, team);
}

// Copies the points into blocks, cell after cell, and makes each centroid the mean of its cell.
void PointCells::place(const Distance& distance, ThreadTeam& team) {
  first_blocks_ = {0};
  for (std::size_t c = 0; c < count(); ++c) {
    first_blocks_.push_back(first_blocks_.back() + (members(c).size() + kBlock - 1) / kBlock);
  }
  points_ = PointBlocks(distance, first_blocks_.back() * kBlock);
  centroids_ = PointBlocks(distance, count());
  team.for_ranges(count(), kGrain, [&](std::size_t first, std::size_t last, std::size_t) {
    for (std::size_t c = first; c < last; ++c) {
      const std::span<const std::uint32_t> rows = members(c);
      for (std::size_t b = 0; b * kBlock < rows.size(); ++b) {
        points_.gather(first_blocks_[c] + b, distance,
                       rows.subspan(b * kBlock, std::min(kBlock, rows.size() - b * kBlock)));
      }
      std::vector<std::uint32_t> own(rows.size());
      std::iota(own.begin(), own.end(), static_cast<std::uint32_t>(first_blocks_[c] * kBlock));
      centroids_.average(c, points_, own);
    }
  });
}

}  // namespace sigma
