#include "quality/evaluation.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "golden.hpp"
#include "quality/kl_divergence.hpp"
#include "quality/quality_kernels.hpp"
#include "support/errors.hpp"
#include "support/random.hpp"

namespace sigma {
namespace {

const auto ignore_progress = [](double) {};
const auto ignore_stages = [](EvaluationStage, double) {};

std::vector<std::uint32_t> all_points(std::size_t n) {
  std::vector<std::uint32_t> points(n);
  std::iota(points.begin(), points.end(), 0u);
  return points;
}

Gaussians pack(const std::vector<double>& values, std::size_t cols) {
  return pack_means({nullptr, values.data()}, values.size() / cols, cols);
}

// n points of d dimensions. With `levels`, the values are integers below it, so that many distances are equal.
std::vector<double> draw(std::size_t n, std::size_t d, std::uint64_t seed, int levels = 0) {
  Random random(seed);
  std::vector<double> values(n * d);
  for (double& x : values) x = levels > 0 ? std::floor(random.uniform() * levels) : random.normal();
  return values;
}

// The ranks of all other points of point i, from 1, by sorting the distances in tiles. The rank of the point itself is
// 0.
std::vector<std::size_t> rank_others(const Distance& distance, std::size_t i) {
  constexpr std::size_t kBlock = PackedMatrix::kBlock;
  const std::size_t n = distance.count();
  std::vector<float> squared, tile(kBlock * kBlock);
  for (std::size_t b = 0; b < distance.blocks(); ++b) {
    distance.tile(distance.block(i / kBlock), distance.block(b), kBlock, kBlock, tile.data());
    const auto row = tile.begin() + static_cast<std::ptrdiff_t>(i % kBlock * kBlock);
    squared.insert(squared.end(), row, row + kBlock);
  }
  std::vector<std::size_t> order, ranks(n, 0);
  for (std::size_t j = 0; j < n; ++j) {
    if (j != i) order.push_back(j);
  }
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return squared[a] < squared[b]; });
  for (std::size_t r = 0; r < order.size(); ++r) ranks[order[r]] = r + 1;
  return ranks;
}

struct Case {
  const char* name;
  const char* distance;
  std::size_t n;
  int levels;
  bool is_random_embedding;
};

class NeighborhoodsOf : public testing::TestWithParam<Case> {};
INSTANTIATE_TEST_SUITE_P(, NeighborhoodsOf,
                         testing::Values(Case{"a_good_embedding", "inverse-variance", 333, 0, false},
                                         Case{"a_random_embedding", "euclidean", 200, 0, true},
                                         Case{"equal_distances", "manhattan", 150, 3, true},
                                         Case{"equal_points", "euclidean", 70, 1, true},
                                         Case{"three_points", "euclidean", 3, 0, true},
                                         // Enough points for the bound of the nearest to come from a sample.
                                         Case{"many_points", "euclidean", 9000, 0, true}),
                         [](const auto& info) { return info.param.name; });

TEST_P(NeighborhoodsOf, AgreeWithSortedDistances) {
  const auto [name, distance, n, levels, is_random_embedding] = GetParam();
  const bool is_large = n > 1000;
  std::vector<double> values = draw(n, 4, 1, levels), sigma = draw(n, 4, 2), positions = draw(n, 2, 3, levels);
  for (double& s : sigma) s = std::abs(s);
  if (!is_random_embedding) {
    for (std::size_t i = 0; i < n; ++i) std::copy_n(&values[i * 4], 2, &positions[i * 2]);
  }
  Gaussians data = pack(values, 4), embedding = pack(positions, 2);
  pack_sigma(data, {nullptr, sigma.data()}, 0.01);
  const Distance in_data(distance, data), in_embedding("euclidean", embedding);
  ThreadTeam team(3);
  const DistanceRows data_rows(in_data, {}, team), embedding_rows(in_embedding, {}, team);
  std::vector<std::uint32_t> points = all_points(n);
  if (is_large) points = {0, 4095, 4096, 8999};
  const std::size_t largest = (n - 1) / 2;
  std::vector<std::size_t> sizes{1, std::min<std::size_t>(20, largest)};
  if (!is_large) sizes.push_back(largest);
  const std::size_t listed = std::min<std::size_t>(10, n - 1);
  const Neighborhoods found =
      compare_neighborhoods(data_rows, embedding_rows, points, sizes, listed, team, Cancellation(), ignore_progress);
  for (std::size_t p = 0; p < points.size(); ++p) {
    const std::size_t i = points[p];
    const auto ranks = rank_others(in_data, i), embedding_ranks = rank_others(in_embedding, i);
    for (std::size_t e = 0; e < listed; ++e) ASSERT_EQ(embedding_ranks[found.in_embedding[p * listed + e]], e + 1);
    for (std::size_t s = 0; s < sizes.size(); ++s) {
      const std::size_t k = sizes[s];
      double kept = 0, intrusion = 0, extrusion = 0;
      for (std::size_t j = 0; j < n; ++j) {
        if (j == i) continue;
        const std::size_t r = ranks[j], m = embedding_ranks[j];
        kept += r <= k && m <= k;
        if (m <= k && r > k) intrusion += static_cast<double>(r - k);
        if (r <= k && m > k) extrusion += static_cast<double>(m - k);
      }
      const auto size = static_cast<double>(k);
      const double unit = size * (2 * static_cast<double>(n) - 3 * size - 1) / 2;
      ASSERT_DOUBLE_EQ(found.kept[p * sizes.size() + s], kept / size) << name << " point " << i << " k " << k;
      ASSERT_DOUBLE_EQ(found.trustworthiness[p * sizes.size() + s], 1 - intrusion / unit) << i << " k " << k;
      ASSERT_DOUBLE_EQ(found.continuity[p * sizes.size() + s], 1 - extrusion / unit) << i << " k " << k;
    }
  }
}

TEST(DistanceRowsOf, OrderedPointsHaveTheSameDistances) {
  const std::vector<double> values = draw(130, 5, 4);
  const Gaussians points = pack(values, 5);
  const Distance distance("euclidean", points);
  ThreadTeam team(1);
  std::vector<std::uint32_t> order = all_points(130);
  std::reverse(order.begin(), order.end());
  const DistanceRows plain(distance, {}, team), reversed(distance, order, team);
  DistanceRows::Scratch a(plain), b(reversed);
  const std::uint32_t own[] = {3, 77, 129}, same[] = {126, 52, 0};
  plain.fill(own, a);
  reversed.fill(same, b);
  for (std::size_t r = 0; r < 3; ++r) {
    for (std::size_t j = 0; j < 130; ++j) EXPECT_EQ(a.row(r)[j], b.row(r)[129 - j]);
    EXPECT_EQ(a.row(r)[own[r]], std::numeric_limits<float>::infinity());
    EXPECT_EQ(a.row(r)[130], std::numeric_limits<float>::infinity());
    EXPECT_NEAR(a.row(r)[5], distance.squared(own[r], 5), 1e-6);
  }
}

TEST(KlDivergence, EqualsTheSumOverAllPairs) {
  for (const std::size_t n : {3ul, 64ul, 150ul}) {
    for (const double spread : {1e-12, 1.0, 40.0, 1e12}) {
      std::vector<double> positions = draw(n, 3, 5);
      for (double& y : positions) y *= spread;
      const Gaussians embedding = pack(positions, 3);
      Affinities p;
      p.offsets = {0};
      for (std::uint32_t i = 0; i < n; ++i) {
        for (std::uint32_t j = 0; j < n; ++j) {
          if (j == i || (i + j) % 3 == 0) continue;
          p.columns.push_back(j);
          p.values.push_back(static_cast<float>(1 + (i + j) % 4));
        }
        p.offsets.push_back(p.columns.size());
      }
      const double total = std::accumulate(p.values.begin(), p.values.end(), 0.0);
      for (float& value : p.values) value = static_cast<float>(value / total);
      const auto weight = [&](std::size_t i, std::size_t j) {
        double squared = 0;
        for (std::size_t d = 0; d < 3; ++d) squared += std::pow(positions[i * 3 + d] - positions[j * 3 + d], 2);
        return 1 / (1 + squared);
      };
      double z = 0, expected = 0;
      for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j < n; ++j) z += i == j ? 0 : weight(i, j);
      }
      for (std::size_t i = 0; i < n; ++i) {
        for (std::uint64_t e = p.offsets[i]; e < p.offsets[i + 1]; ++e) {
          const auto value = static_cast<double>(p.values[e]);
          expected += value * std::log(value * z / weight(i, p.columns[e]));
        }
      }
      ThreadTeam team(2);
      EXPECT_NEAR(
          kl_divergence(p, Distance("euclidean", embedding), embedding.scale, team, Cancellation(), ignore_progress),
          expected, 1e-5)
          << n << " points, spread " << spread;
    }
  }
}

TEST(Silhouettes, AgreeWithTheDefinition) {
  const std::size_t n = 140;
  const std::vector<double> positions = draw(n, 2, 6);
  const Gaussians embedding = pack(positions, 2);
  Classes classes{std::vector<std::uint32_t>(n), 5};
  for (std::size_t i = 0; i < n; ++i) classes.of[i] = static_cast<std::uint32_t>(i * i % 4);
  classes.of[9] = 4;
  for (std::uint32_t& c : classes.of) c = c == 2 || c == 3 ? 2 : c == 4 ? 3 : c;
  classes.count = 4;
  classes.of[70] = classes.of[71] = 2;
  ThreadTeam team(2);
  const std::vector<std::uint32_t> points = all_points(n);
  const std::vector<double> found =
      find_silhouettes(Distance("euclidean", embedding), points, classes, team, Cancellation(), ignore_progress);
  for (std::size_t i = 0; i < n; ++i) {
    double sums[4] = {}, members[4] = {};
    for (std::size_t j = 0; j < n; ++j) {
      if (j == i) continue;
      sums[classes.of[j]] +=
          std::hypot(positions[i * 2] - positions[j * 2], positions[i * 2 + 1] - positions[j * 2 + 1]);
      members[classes.of[j]] += 1;
    }
    const std::uint32_t own = classes.of[i];
    double outer = std::numeric_limits<double>::infinity();
    for (std::uint32_t c = 0; c < 4; ++c) {
      if (c != own) outer = std::min(outer, sums[c] / members[c]);
    }
    const double inner = sums[own] / members[own];
    EXPECT_NEAR(found[i], members[own] == 0 ? 0 : (outer - inner) / std::max(inner, outer), 1e-5) << i;
  }
}

TEST(Silhouettes, IgnorePointsWithoutAClass) {
  const std::size_t n = 60;
  const std::vector<double> positions = draw(n, 2, 7);
  Classes classes{{}, 3}, some{{}, 3};
  std::vector<double> kept;
  for (std::uint32_t i = 0; i < n; ++i) {
    classes.of.push_back(i % 4);
    if (i % 4 == 3) continue;
    some.of.push_back(i % 4);
    kept.insert(kept.end(), {positions[i * 2], positions[i * 2 + 1]});
  }
  ThreadTeam team(2);
  const auto find = [&](const std::vector<double>& at, const Classes& of) {
    return find_silhouettes(Distance("euclidean", pack(at, 2)), all_points(of.of.size()), of, team, Cancellation(),
                            ignore_progress);
  };
  const std::vector<double> all = find(positions, classes), without = find(kept, some);
  for (std::size_t i = 0, next = 0; i < n; ++i) {
    if (i % 4 == 3) {
      EXPECT_TRUE(std::isnan(all[i]));
    } else {
      EXPECT_NEAR(all[i], without[next++], 1e-5) << i;
    }
  }
}

TEST(Silhouettes, AreZeroIfAllPointsAreEqual) {
  const Gaussians embedding = pack(std::vector<double>(20, 5.0), 2);
  const Classes classes{{0, 1, 0, 1, 0, 1, 0, 1, 0, 1}, 2};
  ThreadTeam team(1);
  for (const double s : find_silhouettes(Distance("euclidean", embedding), all_points(10), classes, team,
                                         Cancellation(), ignore_progress)) {
    EXPECT_EQ(s, 0);
  }
}

TEST(Vote, GoesToTheMostFrequentClassAndThenToTheNearest) {
  Neighborhoods neighborhoods;
  neighborhoods.listed = 4;
  neighborhoods.in_embedding = {1, 2, 3, 4, /**/ 0, 2, 3, 4, /**/ 3, 4, 0, 1};
  const Classes classes{{0, 0, 1, 1, 2}, 3};
  const std::vector<std::uint32_t> points{0, 1, 2};
  // Classes of the neighbors of point 0: 0 1 1 2; of point 1: 0 1 1 2; of point 2: 1 2 0 0.
  EXPECT_EQ(vote(neighborhoods, points, classes), (std::vector<double>{0, 0, 0}));
  neighborhoods.in_embedding = {1, 2, 3, 1, /**/ 2, 0, 3, 0, /**/ 3, 4, 0, 4};
  // Classes of the neighbors of point 0: 0 1 1 0; of point 1: 1 0 1 0; of point 2: 1 2 0 2.
  EXPECT_EQ(vote(neighborhoods, points, classes), (std::vector<double>{1, 0, 0}));
}

TEST(Vote, IgnoresNeighborsWithoutAClass) {
  Neighborhoods neighborhoods;
  neighborhoods.listed = 3;
  neighborhoods.in_embedding = {3, 4, 1, /**/ 3, 4, 2, /**/ 3, 4, 3, /**/ 0, 1, 2};
  // Points 0 to 2 have the classes 0, 0 and 1. Points 3 and 4 have none.
  const Classes classes{{0, 0, 1, 2, 2}, 2};
  const std::vector<double> hits = vote(neighborhoods, std::vector<std::uint32_t>{0, 1, 2, 3}, classes);
  EXPECT_EQ(std::vector<double>(hits.begin(), hits.end() - 1), (std::vector<double>{1, 0, 0}));
  EXPECT_TRUE(std::isnan(hits.back()));
}

TEST(DistanceCorrelation, OfASampleAgreesWithAllPairsWithinItsError) {
  const std::size_t n = 1200;
  const std::vector<double> values = draw(n, 3, 8);
  std::vector<double> positions(n * 2);
  for (std::size_t i = 0; i < n; ++i) std::copy_n(&values[i * 3], 2, &positions[i * 2]);
  const Gaussians data = pack(values, 3), embedding = pack(positions, 2);
  const Distance in_data("euclidean", data), in_embedding("euclidean", embedding);
  ThreadTeam team(2);
  const DistanceCorrelation found = correlate_distances(in_data, in_embedding, 1, team, Cancellation());
  double x = 0, y = 0, xx = 0, yy = 0, xy = 0;
  const double pairs = n * (n - 1) / 2.0;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const double a = std::sqrt(in_data.squared(i, j)), b = std::sqrt(in_embedding.squared(i, j));
      x += a / pairs;
      y += b / pairs;
      xx += a * a / pairs;
      yy += b * b / pairs;
      xy += a * b / pairs;
    }
  }
  const double truth = (xy - x * y) / std::sqrt((xx - x * x) * (yy - y * y));
  EXPECT_EQ(found.pairs, 200000u);
  EXPECT_GT(found.pearson.error, 1e-4);
  EXPECT_LT(found.pearson.error, 1e-2);
  EXPECT_NEAR(found.pearson.value, truth, 4 * found.pearson.error);
}

TEST(QualityKernels, ComputeSumsAndCountsOfEveryLength) {
  Random random(9);
  for (const std::size_t count : {0ul, 1ul, 15ul, 16ul, 63ul, 64ul, 65ul, 1040ul, 4096ul, 5001ul}) {
    AlignedVector<float> values(count + 16);
    for (float& x : values) x = static_cast<float>(std::floor(random.uniform() * 50));
    double roots = 0, weights = 0;
    std::size_t below = 0;
    for (std::size_t e = 0; e < count; ++e) {
      roots += std::sqrt(static_cast<double>(values[e]));
      weights += 1 / (1 + 0.5 * static_cast<double>(values[e]));
      below += values[e] < 20;
    }
    EXPECT_NEAR(quality_kernels().sum_roots(values.data(), count), roots, 1e-6 * roots);
    EXPECT_EQ(quality_kernels().count_below(values.data(), count, 20), below);
    if (count % 16 != 0) continue;
    EXPECT_NEAR(quality_kernels().sum_weights(values.data(), count, 0.5f), weights, 1e-6 * weights);
    std::vector<std::uint32_t> expected;
    for (std::uint32_t e = 0; e < count; ++e) {
      if (values[e] <= 20) expected.push_back(e);
    }
    AlignedVector<float> kept(count + 16);
    AlignedVector<std::uint32_t> indices(count + 16);
    ASSERT_EQ(quality_kernels().keep_not_above(values.data(), nullptr, count, 20, kept.data(), indices.data()),
              expected.size());
    EXPECT_TRUE(std::equal(expected.begin(), expected.end(), indices.begin()));
    for (std::size_t e = 0; e < expected.size(); ++e) EXPECT_EQ(kept[e], values[expected[e]]);
    // The kernel must give the same result in place.
    std::size_t held = expected.size();
    for (; held % 16 != 0; ++held) kept[held] = std::numeric_limits<float>::infinity();
    std::erase_if(expected, [&](std::uint32_t e) { return values[e] > 7; });
    ASSERT_EQ(quality_kernels().keep_not_above(kept.data(), indices.data(), held, 7, kept.data(), indices.data()),
              expected.size());
    EXPECT_TRUE(std::equal(expected.begin(), expected.end(), indices.begin()));
  }
}

TEST(Evaluate, DoesNotDependOnTheNumberOfThreadsAndStopsWhenCanceled) {
  const test::Golden golden;
  const Gaussians data = golden.points();
  const Gaussians embedding = pack(test::read_golden<double>("y"), 2);
  Classes classes{std::vector<std::uint32_t>(test::Golden::n), 3};
  for (std::size_t i = 0; i < test::Golden::n; ++i) classes.of[i] = i % 3;
  EvaluationOptions options;
  options.distance = "inverse-variance";
  options.perplexities = {test::Golden::perplexity};
  options.sizes = {5, 40};
  options.sample = 101;
  const auto run = [&](unsigned threads) {
    ThreadTeam team(threads);
    return evaluate(data, embedding, classes, options, team, Cancellation(), ignore_stages);
  };
  const Evaluation one = run(1), five = run(5);
  EXPECT_EQ(one.points.size(), 101u);
  EXPECT_TRUE(std::is_sorted(one.points.begin(), one.points.end()));
  EXPECT_EQ(one.kl, five.kl);
  EXPECT_EQ(one.points, five.points);
  EXPECT_EQ(one.neighborhoods.kept, five.neighborhoods.kept);
  EXPECT_EQ(one.neighborhoods.trustworthiness, five.neighborhoods.trustworthiness);
  EXPECT_EQ(one.neighborhoods.continuity, five.neighborhoods.continuity);
  EXPECT_EQ(one.hits, five.hits);
  EXPECT_EQ(one.silhouettes, five.silhouettes);
  EXPECT_EQ(one.correlation.spearman.value, five.correlation.spearman.value);

  Cancellation cancellation;
  ThreadTeam team(2);
  const auto stop_late = [&](EvaluationStage stage, double) {
    if (stage == EvaluationStage::neighborhoods) cancellation.request();
  };
  EXPECT_THROW(evaluate(data, embedding, classes, options, team, cancellation, stop_late), Canceled);
}

}  // namespace
}  // namespace sigma
