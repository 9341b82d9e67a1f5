#include "kl_divergence.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "quality_kernels.hpp"

namespace sigma {
namespace {

constexpr std::size_t kBlock = PackedMatrix::kBlock;
constexpr std::size_t kGrain = 512;
// Near the limit of float32, all weights are 0 or 1.
constexpr double kLargestScale = 1e36;
// The distance given to entries that are no pair of points: the diagonal and the padding of a block.
constexpr float kNone = std::numeric_limits<float>::infinity();

// Sum over i != j of 1 / (1 + |y_i - y_j|^2).
double sum_over_pairs(const Distance& embedding, double scale, ThreadTeam& team, const Cancellation& cancellation,
                      const std::function<void(double)>& progress) {
  const std::size_t n = embedding.count(), blocks = embedding.blocks();
  const auto unit = static_cast<float>(std::min(scale * scale, kLargestScale));
  std::vector<double> parts(blocks);
  std::vector<AlignedVector<float>> tiles(team.size());
  team.for_each(blocks, [&](std::size_t a, unsigned worker) {
    cancellation.check();
    AlignedVector<float>& tile = tiles[worker];
    tile.resize(kBlock * kBlock);
    const std::size_t height = std::min(kBlock, n - a * kBlock);
    for (std::size_t b = a; b < blocks; ++b) {
      const std::size_t width = std::min(kBlock, n - b * kBlock);
      embedding.tile(embedding.block(a), embedding.block(b), kBlock, kBlock, tile.data());
      for (std::size_t i = 0; i < height; ++i) {
        std::fill_n(&tile[i * kBlock + width], kBlock - width, kNone);
        if (a == b) tile[i * kBlock + i] = kNone;
      }
      const double sum = quality_kernels().sum_weights(tile.data(), height * kBlock, unit);
      parts[a] += a == b ? sum : 2 * sum;
    }
    const double left = 1 - static_cast<double>(a) / static_cast<double>(blocks);
    if (worker == 0) progress(1 - left * left);
  });
  return std::accumulate(parts.begin(), parts.end(), 0.0);
}

}  // namespace

double kl_divergence(const Affinities& affinities, const Distance& embedding, double scale, ThreadTeam& team,
                     const Cancellation& cancellation, const std::function<void(double)>& progress) {
  const std::size_t n = affinities.count();
  std::vector<double> parts((n + kGrain - 1) / kGrain);
  team.for_ranges(n, kGrain, [&](std::size_t first, std::size_t last, std::size_t chunk) {
    cancellation.check();
    double sum = 0;
    for (std::size_t i = first; i < last; ++i) {
      for (std::uint64_t e = affinities.offsets[i]; e < affinities.offsets[i + 1]; ++e) {
        const auto p = static_cast<double>(affinities.values[e]);
        if (p > 0) sum += p * (std::log(p) + std::log1p(embedding.squared(i, affinities.columns[e]) * scale * scale));
      }
    }
    parts[chunk] = sum;
  });
  const double energy = std::accumulate(parts.begin(), parts.end(), 0.0);
  return energy + std::log(sum_over_pairs(embedding, scale, team, cancellation, progress));
}

}  // namespace sigma
