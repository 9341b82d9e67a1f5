#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "golden.hpp"
#include "neighbors/distance.hpp"
#include "neighbors/exact_search.hpp"
#include "neighbors/nearest_lists.hpp"
#include "support/errors.hpp"
#include "support/random.hpp"

namespace sigma {
namespace {

using test::Golden;

const auto ignore_progress = [](double) {};

// The slow, obvious twins.
double euclidean(const double* a, const double* b, std::size_t d) {
  double sum = 0;
  for (std::size_t k = 0; k < d; ++k) sum += (a[k] - b[k]) * (a[k] - b[k]);
  return sum;
}

double inverse_variance(const double* a, const double* b, const double* sa, const double* sb, std::size_t d,
                        double floor) {
  double sum = 0, weights = 0;
  for (std::size_t k = 0; k < d; ++k) {
    const double weight = 1 / (sa[k] * sa[k] + sb[k] * sb[k] + floor);
    sum += weight * (a[k] - b[k]) * (a[k] - b[k]);
    weights += weight;
  }
  return sum / weights;
}

double manhattan(const double* a, const double* b, std::size_t d) {
  double sum = 0;
  for (std::size_t k = 0; k < d; ++k) sum += std::abs(a[k] - b[k]);
  return sum * sum;
}

double cosine(const double* a, const double* b, std::size_t d) {
  double dot = 0, aa = 0, bb = 0;
  for (std::size_t k = 0; k < d; ++k) {
    dot += a[k] * b[k];
    aa += a[k] * a[k];
    bb += b[k] * b[k];
  }
  const double distance = 1 - dot / std::sqrt(aa * bb);
  return distance * distance;
}

double correlation(const double* a, const double* b, std::size_t d) {
  std::vector<double> x(a, a + d), y(b, b + d);
  for (std::vector<double>* row : {&x, &y}) {
    const double mean = std::accumulate(row->begin(), row->end(), 0.0) / static_cast<double>(d);
    for (double& value : *row) value -= mean;
  }
  return cosine(x.data(), y.data(), d);
}

double twin(const std::string& name, const Golden& golden, std::size_t i, std::size_t j) {
  const double *a = &golden.mu[i * Golden::d], *b = &golden.mu[j * Golden::d];
  if (name == "euclidean") return euclidean(a, b, Golden::d);
  if (name == "manhattan") return manhattan(a, b, Golden::d);
  if (name == "cosine") return cosine(a, b, Golden::d);
  if (name == "correlation") return correlation(a, b, Golden::d);
  return inverse_variance(a, b, &golden.sigma[i * Golden::d], &golden.sigma[j * Golden::d], Golden::d, Golden::floor);
}

Neighbors search(const Gaussians& points, const std::string& distance, std::size_t k, unsigned threads = 2) {
  ThreadTeam team(threads);
  return search_exactly(Distance(distance, points), k, team, Cancellation(), ignore_progress);
}

Gaussians random_points(std::size_t n, std::size_t d, std::uint64_t seed) {
  Random random(seed);
  std::vector<double> data(n * d), sigma(n * d);
  for (double& x : data) x = random.normal();
  for (double& s : sigma) s = std::exp(random.normal());
  Gaussians points = pack_means({nullptr, data.data()}, n, d);
  pack_sigma(points, {nullptr, sigma.data()}, 0.01);
  return points;
}

const char* const kDistances[] = {"euclidean", "inverse-variance", "cosine", "correlation", "manhattan"};

std::vector<const DistanceKernels*> every_table() {
  std::vector<const DistanceKernels*> tables{&baseline::distance_kernels()};
#ifdef SIGMA_X86_64
  if (active_isa() >= Isa::avx2) tables.push_back(&avx2::distance_kernels());
  if (active_isa() >= Isa::avx512) tables.push_back(&avx512::distance_kernels());
#endif
  return tables;
}

class EveryDistance : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(, EveryDistance, testing::ValuesIn(kDistances), [](const auto& info) {
  std::string name = info.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

TEST_P(EveryDistance, PairAgreesWithItsFormula) {
  const Golden golden;
  const Gaussians points = golden.points();
  const Distance distance(GetParam(), points);
  const bool is_angle = std::string(GetParam()).front() == 'c';
  const double unit = is_angle ? 1 : points.scale * points.scale;
  for (std::size_t i = 0; i < Golden::n; i += 7) {
    for (std::size_t j = 0; j < Golden::n; ++j) {
      if (i == j) continue;
      const double expected = twin(GetParam(), golden, i, j);
      EXPECT_NEAR(distance.squared(i, j) * unit, expected, 4e-6 * (1 + expected));
    }
  }
}

TEST_P(EveryDistance, TileAgreesWithPairs) {
  const Golden golden;
  const Gaussians points = golden.points();
  const Distance distance(GetParam(), points);
  std::vector<float> tile(64 * 64);
  for (const std::size_t columns : {0, 2, 4}) {
    distance.tile(distance.block(1), distance.block(columns), 64, 64, tile.data());
    for (std::size_t i = 0; i < 64; ++i) {
      for (std::size_t j = 0; columns * 64 + j < Golden::n && j < 64; ++j) {
        const double expected = distance.squared(64 + i, columns * 64 + j);
        EXPECT_NEAR(tile[i * 64 + j], expected, 1e-5 * expected + 1e-9);
      }
    }
  }
}

// Searches compare each pair once, in either order, and recognise it again by its distance.
TEST_P(EveryDistance, TileIsTheSameBitsEitherWay) {
  const Gaussians points = random_points(128, 37, 3);
  const Distance distance(GetParam(), points);
  std::vector<float> one(64 * 64), other(64 * 64), part(64 * 64);
  for (const DistanceKernels* table : every_table()) {
    for (const DistanceKernel& kernel : table->all) {
      if (std::string(kernel.name) != GetParam()) continue;
      kernel.tile(distance.block(0), distance.block(1), 37, 64, 64, one.data());
      kernel.tile(distance.block(1), distance.block(0), 37, 64, 64, other.data());
      kernel.tile(distance.block(0), distance.block(1), 37, 17, 35, part.data());
      for (std::size_t i = 0; i < 64; ++i) {
        for (std::size_t j = 0; j < 64; ++j) {
          EXPECT_EQ(one[i * 64 + j], other[j * 64 + i]);
          if (i < 17 && j < 35) {
            EXPECT_EQ(one[i * 64 + j], part[i * 64 + j]);
          }
        }
      }
    }
  }
}

TEST_P(EveryDistance, InstructionSetsAgree) {
  const Gaussians points = random_points(128, 37, 3);
  const Distance distance(GetParam(), points);
  std::vector<float> expected(64 * 64), tile(64 * 64);
  for (const DistanceKernels* table : every_table()) {
    for (std::size_t row = 0; row < table->all.size(); ++row) {
      if (std::string(table->all[row].name) != GetParam()) continue;
      baseline::distance_kernels().all[row].tile(distance.block(0), distance.block(1), 37, 64, 64, expected.data());
      table->all[row].tile(distance.block(0), distance.block(1), 37, 64, 64, tile.data());
      for (std::size_t e = 0; e < tile.size(); ++e) EXPECT_NEAR(tile[e], expected[e], 1e-5f * expected[e]);
    }
  }
}

TEST_P(EveryDistance, FindsTheNeighborsThatItsFormulaFinds) {
  const Golden golden;
  const Neighbors found = search(golden.points(), GetParam(), Golden::k);
  for (std::size_t i = 0; i < Golden::n; i += 3) {
    std::vector<double> all;
    for (std::size_t j = 0; j < Golden::n; ++j) {
      if (j != i) all.push_back(twin(GetParam(), golden, i, j));
    }
    std::sort(all.begin(), all.end());
    for (std::size_t e = 0; e < Golden::k; ++e) {
      EXPECT_NEAR(twin(GetParam(), golden, i, found.indices[i * Golden::k + e]), all[e], 1e-5 * all[e]);
    }
  }
}

class GoldenDistance : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(, GoldenDistance, testing::Values("euclidean", "inverse-variance"), [](const auto& info) {
  return std::string(info.param) == "euclidean" ? "euclidean" : "inverse_variance";
});

TEST_P(GoldenDistance, FindsTheGoldenNeighbors) {
  const bool plain = std::string(GetParam()) == "euclidean";
  const auto expected = test::read_golden<std::int32_t>(plain ? "euclidean_knn" : "sigma_knn");
  const Neighbors found = search(Golden().points(), GetParam(), Golden::k);
  for (std::size_t e = 0; e < expected.size(); ++e)
    EXPECT_EQ(found.indices[e], static_cast<std::uint32_t>(expected[e]));
}

TEST_P(EveryDistance, ThreadsDoNotMatter) {
  const Gaussians points = random_points(777, 11, 5);
  const Neighbors one = search(points, GetParam(), 45, 1);
  for (const unsigned threads : {2u, 4u}) {
    const Neighbors many = search(points, GetParam(), 45, threads);
    EXPECT_EQ(one.indices, many.indices);
    EXPECT_EQ(one.squared, many.squared);
  }
}

// Sizes around the block of 64, and neighbourhoods that hold every other point.
TEST_P(EveryDistance, FindsAllNeighborsAtEverySize) {
  for (const std::size_t n : {2, 3, 63, 64, 65, 128, 200}) {
    const Gaussians points = random_points(n, 5, n);
    const Distance distance(GetParam(), points);
    const std::size_t k = n - 1;
    const Neighbors found = search(points, GetParam(), k);
    for (std::size_t i = 0; i < n; ++i) {
      std::vector<std::uint32_t> seen(found.indices.begin() + i * k, found.indices.begin() + (i + 1) * k);
      EXPECT_TRUE(std::is_sorted(found.squared.begin() + i * k, found.squared.begin() + (i + 1) * k));
      std::sort(seen.begin(), seen.end());
      for (std::size_t j = 0; j < k; ++j) EXPECT_EQ(seen[j], j < i ? j : j + 1);
    }
  }
}

TEST(ExactSearch, KeepsTheNearestOfManyAsASortDoes) {
  const std::size_t n = 3000, k = 20;
  const Gaussians points = random_points(n, 3, 8);
  const Distance distance("euclidean", points);
  const Neighbors found = search(points, "euclidean", k);
  for (std::size_t i = 0; i < n; i += 311) {
    std::vector<double> all;
    for (std::size_t j = 0; j < n; ++j) {
      if (j != i) all.push_back(distance.squared(i, j));
    }
    std::sort(all.begin(), all.end());
    for (std::size_t j = 0; j < k; ++j) EXPECT_NEAR(found.squared[i * k + j], all[j], 1e-5 * all[j] + 1e-10);
  }
}

TEST(ExactSearch, TiesGoToTheLowerIndex) {
  const std::vector<double> equal(200 * 4, 1.5);
  const Gaussians points = pack_means({nullptr, equal.data()}, 200, 4);
  const Neighbors found = search(points, "euclidean", 10);
  for (std::size_t i = 0; i < 200; ++i) {
    for (std::size_t j = 0; j < 10; ++j) EXPECT_EQ(found.indices[i * 10 + j], j < i ? j : j + 1);
  }
}

// Sizes at which groups of blocks meet in more than one round.
TEST(ExactSearch, MeetsEveryPairOnce) {
  for (const std::size_t n : {64 * 64, 64 * 129 + 7}) {
    const Gaussians points = random_points(n, 2, n);
    const Distance distance("euclidean", points);
    const Neighbors found = search(points, "euclidean", 8);
    for (std::size_t i = 0; i < n; i += 257) {
      std::vector<double> all;
      for (std::size_t j = 0; j < n; ++j) {
        if (j != i) all.push_back(distance.squared(i, j));
      }
      std::nth_element(all.begin(), all.begin() + 7, all.end());
      EXPECT_NEAR(found.squared[i * 8 + 7], all[7], 1e-5 * all[7] + 1e-12);
    }
  }
}

// Many equal distances at the edge of a list.
TEST(ExactSearch, TiesAtTheEdgeGoToTheLowerIndex) {
  const std::size_t n = 1500;
  std::vector<double> data(n);
  for (std::size_t i = 0; i < n; ++i) data[i] = static_cast<double>(i % 3);
  const Gaussians points = pack_means({nullptr, data.data()}, n, 1);
  const Neighbors found = search(points, "euclidean", 20, 4);
  for (std::size_t i = 0; i < n; ++i) {
    std::vector<std::uint32_t> expected;
    for (std::size_t j = i % 3; expected.size() < 20; j += 3) {
      if (j != i) expected.push_back(static_cast<std::uint32_t>(j));
    }
    EXPECT_TRUE(std::equal(expected.begin(), expected.end(), found.indices.begin() + i * 20));
  }
}

TEST(ExactSearch, StopsWhenCancelled) {
  const Gaussians points = random_points(500, 5, 1);
  ThreadTeam team(2);
  Cancellation cancellation;
  cancellation.request();
  EXPECT_THROW(search_exactly(Distance("euclidean", points), 5, team, cancellation, ignore_progress), Cancelled);
}

TEST(Gaussians, KeepsDigitsOfShiftedAndScaledData) {
  Random random(4);
  std::vector<double> data(300 * 6);
  for (double& x : data) x = random.normal();
  const Neighbors expected = search(pack_means({nullptr, data.data()}, 300, 6), "euclidean", 12);
  for (const auto& [scale, shift] : {std::pair{1e30, 0.0}, {1e-30, 0.0}, {1e300, 0.0}, {1e-300, 0.0}, {1.0, 1e6}}) {
    std::vector<double> moved(data);
    for (double& x : moved) x = x * scale + shift;
    EXPECT_EQ(search(pack_means({nullptr, moved.data()}, 300, 6), "euclidean", 12).indices, expected.indices) << scale;
  }
}

TEST(Gaussians, SaysWhereABadNumberStands) {
  std::vector<float> data(5 * 3, 1.0f);
  data[7] = std::numeric_limits<float>::quiet_NaN();
  try {
    pack_means({data.data(), nullptr}, 5, 3);
    FAIL();
  } catch (const BadValue& bad) {
    EXPECT_EQ(bad.reason, BadValue::Reason::not_finite);
    EXPECT_EQ(bad.row, 2u);
    EXPECT_EQ(bad.column, 1u);
  }
  data[7] = -1;
  Gaussians points = pack_means({data.data(), nullptr}, 5, 3);
  EXPECT_THROW(pack_sigma(points, {data.data(), nullptr}, 0.01), BadValue);
}

TEST(Gaussians, TakesSigmaOfAnySize) {
  const std::size_t n = 100;
  Random random(9);
  std::vector<double> data(n * 4), sigma(n * 4);
  for (double& x : data) x = random.normal();
  for (std::size_t i = 0; i < sigma.size(); ++i) sigma[i] = std::pow(10.0, static_cast<double>(i % 41) * 10 - 200);
  Gaussians points = pack_means({nullptr, data.data()}, n, 4);
  pack_sigma(points, {nullptr, sigma.data()}, 1e-12);
  for (const float squared : search(points, "inverse-variance", 10).squared) EXPECT_TRUE(std::isfinite(squared));
}

// The origin is the caller's, and rows without a direction have one of their own.
TEST(Distance, SeesAnglesFromTheOrigin) {
  const std::vector<double> data = {3, 0, 0, /**/ 5, 0, 0, /**/ 0, 2, 0, /**/ 0, 0, 0, /**/ 0, 0, 0, /**/ -7, 0, 0};
  const Gaussians points = pack_means({nullptr, data.data()}, 6, 3);
  const Distance cosine("cosine", points);
  const double expected[6][6] = {{0, 0, 1, 1, 1, 4}, {0, 0, 1, 1, 1, 4}, {1, 1, 0, 1, 1, 1},
                                 {1, 1, 1, 0, 0, 1}, {1, 1, 1, 0, 0, 1}, {4, 4, 1, 1, 1, 0}};
  for (std::size_t i = 0; i < 6; ++i) {
    for (std::size_t j = 0; j < 6; ++j) EXPECT_NEAR(cosine.squared(i, j), expected[i][j], 1e-6) << i << " " << j;
  }
}

TEST(Distance, SeesConstantRowsAsWithoutCorrelation) {
  const std::vector<double> data = {1, 2, 3, /**/ 10, 20, 30, /**/ 0.1, 0.1, 0.1, /**/ 7, 7, 7, /**/ 3, 2, 1};
  const Gaussians points = pack_means({nullptr, data.data()}, 5, 3);
  const Distance correlation("correlation", points);
  const double expected[5][5] = {{0, 0, 1, 1, 4}, {0, 0, 1, 1, 4}, {1, 1, 0, 0, 1}, {1, 1, 0, 0, 1}, {4, 4, 1, 1, 0}};
  for (std::size_t i = 0; i < 5; ++i) {
    for (std::size_t j = 0; j < 5; ++j) EXPECT_NEAR(correlation.squared(i, j), expected[i][j], 1e-6) << i << " " << j;
  }
}

TEST(Distance, KeepsItsDigitsWhereAnglesAreSmall) {
  const std::vector<double> data = {1e6, 0, /**/ 1e6, 1, /**/ 1e6, 2, /**/ 1e6, 4};
  const Gaussians points = pack_means({nullptr, data.data()}, 4, 2);
  const Distance cosine("cosine", points);
  // 1 - cos a = a^2 / 2 for a small angle a.
  for (const auto& [j, angle] : {std::pair{1, 1e-6}, {2, 2e-6}, {3, 4e-6}}) {
    const double expected = angle * angle * angle * angle / 4;
    EXPECT_NEAR(cosine.squared(0, j), expected, 1e-5 * expected);
  }
}

TEST(Distance, IsFiniteForDataOfAnySize) {
  Random random(6);
  std::vector<double> data(100 * 4);
  for (double& x : data) x = random.normal();
  for (const double scale : {0.0, 1e30, 1e-30, 1e300, 1e-300}) {
    std::vector<double> scaled(data);
    for (double& x : scaled) x *= scale;
    const Gaussians points = pack_means({nullptr, scaled.data()}, 100, 4);
    for (const char* name : {"cosine", "correlation", "manhattan"}) {
      for (const float squared : search(points, name, 10).squared) EXPECT_TRUE(std::isfinite(squared)) << name;
    }
  }
}

TEST(DistanceKernels, FindBelowLooksAtBothBounds) {
  Random random(7);
  std::vector<float> tile(64 * 64), rows(64), columns(64);
  for (float& x : tile) x = static_cast<float>(random.uniform());
  for (float& x : rows) x = static_cast<float>(random.uniform() / 4);
  for (float& x : columns) x = static_cast<float>(random.uniform() / 4);
  tile[64 * 5 + 9] = rows[5];
  std::vector<std::uint16_t> expected, places(64 * 64);
  for (std::size_t e = 0; e < 40 * 64; ++e) {
    if (tile[e] <= std::max(rows[e / 64], columns[e % 64])) expected.push_back(static_cast<std::uint16_t>(e));
  }
  for (const DistanceKernels* table : every_table()) {
    const std::size_t found = table->find_below(tile.data(), 40, rows.data(), columns.data(), places.data());
    EXPECT_EQ(std::vector(places.begin(), places.begin() + static_cast<std::ptrdiff_t>(found)), expected);
  }
}

TEST(DistanceKernels, FindBoundPartsTheLeast) {
  Random random(8);
  for (const std::size_t kinds : {1, 3, 1000000}) {
    std::vector<float> values(208);
    for (float& x : values) x = static_cast<float>(random.bits() % kinds) / 7;
    std::vector<float> sorted(values);
    std::sort(sorted.begin(), sorted.end());
    for (const std::size_t k : {1, 2, 90, 207, 208}) {
      for (const DistanceKernels* table : every_table()) {
        const float bound = table->find_bound(values.data(), values.size(), k);
        EXPECT_GE(bound, sorted[k - 1]);
        if (k == values.size()) continue;
        const bool parts = sorted[k] > sorted[k - 1];
        EXPECT_TRUE(parts ? bound < sorted[k] : bound == sorted[k - 1]);
      }
    }
  }
}

TEST(NearestLists, KeepTheLeastInAnyOrder) {
  Random random(9);
  std::vector<std::pair<float, std::uint32_t>> candidates(5000);
  for (std::uint32_t c = 0; c < candidates.size(); ++c) {
    candidates[c] = {static_cast<float>(random.bits() % 50) / 3, c};
  }
  std::vector<std::pair<float, std::uint32_t>> expected(candidates);
  std::sort(expected.begin(), expected.end());
  for (int order = 0; order < 3; ++order) {
    NearestLists lists(2, 30);
    for (const auto& [squared, index] : candidates) lists.offer(1, squared, index);
    std::vector<std::uint32_t> indices(30);
    std::vector<float> squared(30);
    EXPECT_EQ(lists.take(0, indices.data(), squared.data()), 0u);
    EXPECT_EQ(lists.take(1, indices.data(), squared.data()), 30u);
    for (std::size_t e = 0; e < 30; ++e) EXPECT_EQ((std::pair{squared[e], indices[e]}), expected[e]);
    for (std::size_t c = candidates.size() - 1; c > 0; --c)
      std::swap(candidates[c], candidates[random.bits() % (c + 1)]);
  }
}

TEST(Distance, NeedsAKnownNameAndItsSigma) {
  const std::vector<double> data(12, 1.0);
  const Gaussians points = pack_means({nullptr, data.data()}, 4, 3);
  EXPECT_THROW(Distance("euclidian", points), std::invalid_argument);
  EXPECT_THROW(Distance("inverse-variance", points), std::invalid_argument);
  EXPECT_EQ(uses_sigma("inverse-variance"), true);
  EXPECT_EQ(uses_sigma("euclidean"), false);
  EXPECT_EQ(uses_sigma("cosine"), false);
  EXPECT_EQ(uses_sigma("none"), std::nullopt);
}

}  // namespace
}  // namespace sigma
