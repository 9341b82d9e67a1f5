#include "reliability.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

#include "../embedding/run.hpp"
#include "../neighbors/distance.hpp"
#include "../support/random.hpp"

namespace sigma {
namespace {

constexpr std::size_t kBlock = PackedMatrix::kBlock;

// Draws `wanted` of the numbers below n at random, in ascending order.
std::vector<std::uint32_t> draw_sample(std::size_t n, std::size_t wanted, Random& random) {
  std::vector<std::uint32_t> all(n);
  std::iota(all.begin(), all.end(), 0u);
  if (wanted >= n) return all;
  for (std::size_t i = 0; i < wanted; ++i) std::swap(all[i], all[i + random.bits() % (n - i)]);
  all.resize(wanted);
  std::sort(all.begin(), all.end());
  return all;
}

Gaussians take_rows(const Gaussians& points, const std::vector<std::uint32_t>& rows) {
  Gaussians taken = points;
  const auto take = [&](const PackedMatrix& matrix) {
    if (matrix.rows() == 0) return PackedMatrix();
    PackedMatrix result(rows.size(), matrix.cols());
    for (std::size_t r = 0; r < rows.size(); ++r) {
      for (std::size_t c = 0; c < matrix.cols(); ++c) result.at(r, c) = matrix.at(rows[r], c);
    }
    return result;
  };
  taken.means = take(points.means);
  taken.deviations = take(points.deviations);
  taken.factors = take(points.factors);
  taken.far_value.reset();
  return taken;
}

double pearson(const std::vector<float>& x, const std::vector<float>& y, std::size_t count) {
  double mean_x = 0, mean_y = 0;
  for (std::size_t e = 0; e < count; ++e) {
    mean_x += static_cast<double>(x[e]);
    mean_y += static_cast<double>(y[e]);
  }
  mean_x /= static_cast<double>(count);
  mean_y /= static_cast<double>(count);
  double xx = 0, yy = 0, xy = 0;
  for (std::size_t e = 0; e < count; ++e) {
    const double dx = static_cast<double>(x[e]) - mean_x, dy = static_cast<double>(y[e]) - mean_y;
    xx += dx * dx;
    yy += dy * dy;
    xy += dx * dy;
  }
  return xx > 0 && yy > 0 ? xy / std::sqrt(xx * yy) : 0;
}

// Maps the bits of numbers of any sign to integers with the same order.
std::uint32_t ordered_bits(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value + 0.0f);
  return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}

// The buffers of one thread for comparing distances.
struct Comparison {
  std::vector<float> tile, squared, in_embedding, ordered, sorted;
  std::vector<std::uint64_t> keys;
};

}  // namespace

std::vector<double> correlate_ordered_distances(const Gaussians& points, const std::string& distance,
                                                const std::vector<float>& embedding, int output_dimensions,
                                                std::uint64_t seed, ThreadTeam& team, const Cancellation& cancellation,
                                                const std::function<void(double)>& progress) {
  const std::size_t n = points.count(), columns = static_cast<std::size_t>(output_dimensions);
  Random random(seed);
  const std::vector<std::uint32_t> chosen = draw_sample(n, kMostReferences, random);
  const Gaussians reference_points = take_rows(points, chosen);
  const Distance all(distance, points), references(all, reference_points);
  const std::size_t m = chosen.size(), width = references.blocks() * kBlock;
  std::vector<Comparison> rooms(team.size());
  std::vector<double> scores(n);
  team.for_each(all.blocks(), [&](std::size_t b, unsigned worker) {
    cancellation.check();
    Comparison& room = rooms[worker];
    room.tile.resize(kBlock * kBlock);
    room.squared.resize(kBlock * width);
    room.in_embedding.resize(m);
    const std::size_t height = std::min(kBlock, n - b * kBlock);
    for (std::size_t c = 0; c < references.blocks(); ++c) {
      all.tile(all.block(b), references.block(c), height, kBlock, room.tile.data());
      for (std::size_t r = 0; r < height; ++r) {
        std::copy_n(&room.tile[r * kBlock], kBlock, &room.squared[r * width + c * kBlock]);
      }
    }
    for (std::size_t r = 0; r < height; ++r) {
      const std::size_t i = b * kBlock + r;
      room.keys.clear();
      room.sorted.clear();
      for (std::size_t e = 0; e < m; ++e) {
        if (chosen[e] == i) continue;
        float squared = 0;
        for (std::size_t d = 0; d < columns; ++d) {
          const float difference = embedding[i * columns + d] - embedding[chosen[e] * columns + d];
          squared += difference * difference;
        }
        room.in_embedding[e] = std::sqrt(squared);
        room.sorted.push_back(room.in_embedding[e]);
        room.keys.push_back(std::uint64_t{ordered_bits(room.squared[r * width + e])} << 32 | e);
      }
      const std::size_t half = (room.keys.size() + 1) / 2;
      const auto middle = static_cast<std::ptrdiff_t>(half);
      std::nth_element(room.keys.begin(), room.keys.begin() + middle - 1, room.keys.end());
      std::sort(room.keys.begin(), room.keys.begin() + middle);
      std::nth_element(room.sorted.begin(), room.sorted.begin() + middle - 1, room.sorted.end());
      std::sort(room.sorted.begin(), room.sorted.begin() + middle);
      room.ordered.resize(half);
      for (std::size_t e = 0; e < half; ++e)
        room.ordered[e] = room.in_embedding[static_cast<std::uint32_t>(room.keys[e])];
      scores[i] = pearson(room.ordered, room.sorted, half);
    }
    progress(static_cast<double>(height) / static_cast<double>(n));
  });
  return scores;
}

Gaussians permute_columns(const Gaussians& points, std::uint64_t seed) {
  Random random(seed);
  Gaussians permuted = take_rows(points, draw_sample(points.count(), kMostPermuted, random));
  const std::size_t n = permuted.count();
  const bool has_sigma = permuted.deviations.rows() == n;
  // The columns of a permuted point come from different points, whose errors are not correlated.
  permuted.factors = PackedMatrix();
  for (std::size_t c = 0; c < permuted.input_dimensions(); ++c) {
    for (std::size_t i = n - 1; i > 0; --i) {
      const std::size_t j = random.bits() % (i + 1);
      std::swap(permuted.means.at(i, c), permuted.means.at(j, c));
      if (has_sigma) std::swap(permuted.deviations.at(i, c), permuted.deviations.at(j, c));
    }
  }
  return permuted;
}

Reliability measure_reliability(const Gaussians& points, const std::vector<float>& embedding, const Options& options,
                                std::uint64_t seed, ThreadTeam& team, const Cancellation& cancellation,
                                const std::function<void(double)>& progress) {
  constexpr double kScoring = 0.2, kEmbedding = 0.7, kNullScoring = 0.1;
  Reliability result;
  result.scores = correlate_ordered_distances(points, options.distance, embedding, options.output_dimensions, seed,
                                              team, cancellation, [&](double share) { progress(kScoring * share); });
  team.rest();
  Options null_options = options;
  null_options.pca_components = 0;
  if (options.start == Start::given) null_options.start = Start::pca;
  if (options.neighbors == NeighborMethod::given) null_options.neighbors = NeighborMethod::automatic;
  const Gaussians permuted = permute_columns(points, seed);
  Run run(permuted, null_options);
  double done = 0;
  const auto report = [&](const Progress& now) {
    // The permuted run has its own cancellation, so the caller's is checked here.
    cancellation.check();
    const double share = now.stage == Stage::optimization ? 0.3 + 0.7 * now.fraction : 0.0;
    if (share <= done) return;
    progress(kEmbedding * (share - done));
    done = share;
  };
  run.advance(options.iterations, report, options.tolerance > 0 ? Run::Until::converged : Run::Until::iteration);
  run.rest();
  result.null_scores =
      correlate_ordered_distances(permuted, options.distance, run.embedding(), options.output_dimensions, seed, team,
                                  cancellation, [&](double share) { progress(kNullScoring * share); });
  return result;
}

}  // namespace sigma
