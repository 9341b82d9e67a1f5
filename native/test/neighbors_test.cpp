#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "golden.hpp"
#include "neighbors/distance.hpp"
#include "neighbors/exact_search.hpp"
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

double twin(const std::string& name, const Golden& golden, std::size_t i, std::size_t j) {
  const double *a = &golden.mu[i * Golden::d], *b = &golden.mu[j * Golden::d];
  if (name == "euclidean") return euclidean(a, b, Golden::d);
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

class EveryDistance : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(, EveryDistance, testing::Values("euclidean", "inverse-variance"), [](const auto& info) {
  return std::string(info.param) == "euclidean" ? "euclidean" : "inverse_variance";
});

TEST_P(EveryDistance, PairAgreesWithItsFormula) {
  const Golden golden;
  const Gaussians points = golden.points();
  const Distance distance(GetParam(), points);
  for (std::size_t i = 0; i < Golden::n; i += 7) {
    for (std::size_t j = 0; j < Golden::n; ++j) {
      const double expected = twin(GetParam(), golden, i, j);
      EXPECT_NEAR(distance.squared(i, j) * points.scale * points.scale, expected, 2e-6 * (1 + expected));
    }
  }
}

TEST_P(EveryDistance, TileAgreesWithPairs) {
  const Golden golden;
  const Gaussians points = golden.points();
  const Distance distance(GetParam(), points);
  std::vector<float> tile(64 * 64);
  for (const std::size_t columns : {0, 2, 4}) {
    distance.tile(1, columns, tile.data());
    for (std::size_t i = 0; i < 64; ++i) {
      for (std::size_t j = 0; columns * 64 + j < Golden::n && j < 64; ++j) {
        const double expected = distance.squared(64 + i, columns * 64 + j);
        EXPECT_NEAR(tile[i * 64 + j], expected, 1e-5 * expected + 1e-9);
      }
    }
  }
}

TEST_P(EveryDistance, InstructionSetsAgree) {
  const Gaussians points = random_points(128, 37, 3);
  std::vector<const DistanceKernels*> tables{&baseline::distance_kernels()};
#ifdef SIGMA_X86_64
  if (active_isa() >= Isa::avx2) tables.push_back(&avx2::distance_kernels());
  if (active_isa() >= Isa::avx512) tables.push_back(&avx512::distance_kernels());
#endif
  std::vector<float> expected(64 * 64), tile(64 * 64);
  const DistanceBlock a{points.means.block(0), points.variances.block(0)};
  const DistanceBlock b{points.means.block(1), points.variances.block(1)};
  for (std::size_t row = 0; row < tables[0]->all.size(); ++row) {
    if (std::string(tables[0]->all[row].name) != GetParam()) continue;
    tables[0]->all[row].tile(a, b, 37, expected.data());
    for (const DistanceKernels* table : tables) {
      table->all[row].tile(a, b, 37, tile.data());
      for (std::size_t e = 0; e < tile.size(); ++e) EXPECT_NEAR(tile[e], expected[e], 1e-5f * expected[e]);
    }
  }
}

TEST_P(EveryDistance, FindsTheGoldenNeighbors) {
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

TEST(Distance, NeedsAKnownNameAndItsSigma) {
  const std::vector<double> data(12, 1.0);
  const Gaussians points = pack_means({nullptr, data.data()}, 4, 3);
  EXPECT_THROW(Distance("euclidian", points), std::invalid_argument);
  EXPECT_THROW(Distance("inverse-variance", points), std::invalid_argument);
  EXPECT_EQ(uses_sigma("inverse-variance"), true);
  EXPECT_EQ(uses_sigma("euclidean"), false);
  EXPECT_EQ(uses_sigma("none"), std::nullopt);
}

}  // namespace
}  // namespace sigma
