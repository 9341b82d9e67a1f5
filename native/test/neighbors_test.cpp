#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include "distance_names.hpp"
#include "golden.hpp"
#include "neighbors/distance.hpp"
#include "neighbors/exact_search.hpp"
#include "neighbors/nearest_lists.hpp"
#include "neighbors/noise_model.hpp"
#include "support/errors.hpp"
#include "support/random.hpp"

namespace sigma {
namespace {

using test::Golden;

const auto ignore_progress = [](double) {};

// Slow reference formulas of the distances.
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

double expected_distance(const double* a, const double* b, const double* sa, const double* sb, std::size_t d) {
  double sum = euclidean(a, b, d);
  for (std::size_t k = 0; k < d; ++k) sum += sa[k] * sa[k] + sb[k] * sb[k];
  return sum;
}

double mahalanobis(const double* a, const double* b, const double* sa, const double* sb, std::size_t d, double floor) {
  double sum = 0;
  for (std::size_t k = 0; k < d; ++k) sum += (a[k] - b[k]) * (a[k] - b[k]) / (sa[k] * sa[k] + sb[k] * sb[k] + floor);
  return sum;
}

// The textbook formula: 1/8 of the Mahalanobis length under the mean covariance S, plus half of log(det S / sqrt(det
// det)).
double bhattacharyya(const double* a, const double* b, const double* sa, const double* sb, std::size_t d,
                     double floor) {
  double sum = 0;
  for (std::size_t k = 0; k < d; ++k) {
    const double va = sa[k] * sa[k] + floor, vb = sb[k] * sb[k] + floor, middle = (va + vb) / 2;
    sum += (a[k] - b[k]) * (a[k] - b[k]) / (8 * middle) + std::log(middle / std::sqrt(va * vb)) / 2;
  }
  return sum;
}

double kullback_leibler(const double* a, const double* b, const double* sa, const double* sb, std::size_t d,
                        double floor) {
  double sum = 0;
  for (std::size_t k = 0; k < d; ++k) {
    const double va = sa[k] * sa[k] + floor, vb = sb[k] * sb[k] + floor;
    sum += (std::log(vb / va) + (va + (a[k] - b[k]) * (a[k] - b[k])) / vb - 1) / 2;
  }
  return sum;
}

// Uses the coordinate spread of test::TestSpread.
double likelihood_ratio(const double* a, const double* b, const double* sa, const double* sb, std::size_t d) {
  double sum = 0;
  for (std::size_t k = 0; k < d; ++k) {
    const double center = test::TestSpread::center(k), s = test::TestSpread::variance(k);
    const double between = test::TestSpread::between(k), x = a[k] - center, y = b[k] - center;
    const double g = between / (s + sa[k] * sa[k]), h = between / (s + sb[k] * sb[k]), q = g * h;
    sum += std::log(1 - q) + q / (1 - q) / between * (g * x * x + h * y * y - 2 * x * y);
  }
  return sum;
}

// In a distance that may be negative, terms of different signs cancel, so the error also has an absolute part.
double tolerance(const std::string& name, double relative, double expected) {
  return relative * std::abs(expected) + (traits_of(name).may_be_negative ? 30 * relative : 0);
}

// Plain float64 arrays of Gaussians.
struct Data {
  const double *mu, *sigma;
  std::size_t d;
  double floor;
};

double twin(const std::string& name, const Data& data, std::size_t i, std::size_t j) {
  const std::size_t d = data.d;
  const double *a = &data.mu[i * d], *b = &data.mu[j * d], *sa = &data.sigma[i * d], *sb = &data.sigma[j * d];
  if (name == "euclidean") return euclidean(a, b, d);
  if (name == "manhattan") return manhattan(a, b, d);
  if (name == "cosine") return cosine(a, b, d);
  if (name == "correlation") return correlation(a, b, d);
  if (name == "inverse-variance") return inverse_variance(a, b, sa, sb, d, data.floor);
  if (name == "expected") return expected_distance(a, b, sa, sb, d);
  if (name == "wasserstein") return euclidean(a, b, d) + euclidean(sa, sb, d);
  if (name == "mahalanobis") return mahalanobis(a, b, sa, sb, d, data.floor);
  if (name == "mahalanobis-logdet") {
    double logarithms = 0;
    for (std::size_t k = 0; k < d; ++k) logarithms += std::log(sa[k] * sa[k] + sb[k] * sb[k] + data.floor);
    return mahalanobis(a, b, sa, sb, d, data.floor) + logarithms;
  }
  if (name == "bhattacharyya") return bhattacharyya(a, b, sa, sb, d, data.floor);
  if (name == "jeffreys") {
    return kullback_leibler(a, b, sa, sb, d, data.floor) + kullback_leibler(b, a, sb, sa, d, data.floor);
  }
  if (name == "likelihood-ratio") return likelihood_ratio(a, b, sa, sb, d);
  throw std::invalid_argument("no formula for " + name);
}

double twin(const std::string& name, const Golden& golden, std::size_t i, std::size_t j) {
  return twin(name, {golden.mu.data(), golden.sigma.data(), Golden::d, Golden::floor}, i, j);
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
  test::add_test_spread(points);
  return points;
}

std::vector<const DistanceKernels*> every_table() {
  std::vector<const DistanceKernels*> tables{&baseline::distance_kernels()};
#ifdef SIGMA_X86_64
  if (active_isa() >= Isa::avx2) tables.push_back(&avx2::distance_kernels());
  if (active_isa() >= Isa::avx512) tables.push_back(&avx512::distance_kernels());
#endif
  return tables;
}

class EveryDistance : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(, EveryDistance, testing::ValuesIn(test::distance_names()), test::name_of_case);

// Distances agree up to a factor, and two of them up to a constant. These are determined from one or two pairs.
void expect_formula(const std::string& name, const Gaussians& points, const Data& data, std::size_t step) {
  const Distance distance(name, points);
  const double difference = distance.squared(0, 2) - distance.squared(0, 1);
  double unit = twin(name, data, 0, 1) / distance.squared(0, 1), constant = 0;
  if (distance.traits().spread == Spread::total || name == "mahalanobis-logdet") {
    unit = (twin(name, data, 0, 2) - twin(name, data, 0, 1)) / difference;
    constant = twin(name, data, 0, 1) - unit * distance.squared(0, 1);
  }
  for (std::size_t i = 0; i < distance.count(); i += step) {
    for (std::size_t j = 0; j < distance.count(); ++j) {
      if (i == j) continue;
      const double expected = twin(name, data, i, j);
      EXPECT_NEAR(distance.squared(i, j) * unit + constant, expected, 4e-6 + tolerance(name, 4e-6, expected));
      EXPECT_EQ(distance.squared(i, j), distance.squared(j, i));
    }
    if (constant == 0 && !distance.traits().may_be_negative) {
      EXPECT_EQ(distance.squared(i, i), 0);
    }
  }
}

TEST_P(EveryDistance, PairAgreesWithItsFormula) {
  const Golden golden;
  const Gaussians points = golden.points();
  expect_formula(GetParam(), points, {golden.mu.data(), golden.sigma.data(), Golden::d, Golden::floor}, 7);
}

// Standard deviations vary over five orders of magnitude, below and above the floor, and means are small or large.
// Terms in the means and terms in sigma must keep their proportion.
TEST_P(EveryDistance, PairAgreesWithItsFormulaForSigmaOfEverySize) {
  Random random(12);
  const std::size_t n = 60, d = 37;
  for (const double scale : {0.01, 1.0, 100.0}) {
    std::vector<double> mu(n * d), sigma(n * d);
    for (double& x : mu) x = scale * random.normal();
    for (double& s : sigma) s = std::pow(10.0, 5 * random.uniform() - 3);
    Gaussians points = pack_means({nullptr, mu.data()}, n, d);
    pack_sigma(points, {nullptr, sigma.data()}, 0.01);
    test::add_test_spread(points);
    expect_formula(GetParam(), points, {mu.data(), sigma.data(), d, 0.01}, 5);
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
        EXPECT_NEAR(tile[i * 64 + j], expected, tolerance(GetParam(), 1e-5, expected) + 1e-9);
      }
    }
  }
}

// A search compares each pair once, in either order, and later recognizes the pair by its distance.
TEST_P(EveryDistance, TileHasTheSameBitsInBothOrders) {
  const Gaussians points = random_points(128, 37, 3);
  const Distance distance(GetParam(), points);
  const std::size_t cols = distance.means().cols();
  const DistanceWeights weights = distance.weights();
  std::vector<float> one(64 * 64), other(64 * 64), part(64 * 64);
  for (const DistanceKernels* table : every_table()) {
    for (const DistanceKernel& kernel : table->all) {
      if (std::string(kernel.name) != GetParam()) continue;
      kernel.tile(distance.block(0), distance.block(1), cols, weights, 64, 64, one.data());
      kernel.tile(distance.block(1), distance.block(0), cols, weights, 64, 64, other.data());
      kernel.tile(distance.block(0), distance.block(1), cols, weights, 17, 35, part.data());
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
  const std::size_t cols = distance.means().cols();
  const DistanceWeights weights = distance.weights();
  std::vector<float> expected(64 * 64), tile(64 * 64);
  for (const DistanceKernels* table : every_table()) {
    for (std::size_t row = 0; row < table->all.size(); ++row) {
      if (std::string(table->all[row].name) != GetParam()) continue;
      baseline::distance_kernels().all[row].tile(distance.block(0), distance.block(1), cols, weights, 64, 64,
                                                 expected.data());
      table->all[row].tile(distance.block(0), distance.block(1), cols, weights, 64, 64, tile.data());
      for (std::size_t e = 0; e < tile.size(); ++e) {
        EXPECT_NEAR(tile[e], expected[e], tolerance(GetParam(), 1e-5, static_cast<double>(expected[e])));
      }
    }
  }
}

TEST_P(EveryDistance, FindsTheNeighborsByItsFormula) {
  const Golden golden;
  const Neighbors found = search(golden.points(), GetParam(), Golden::k);
  for (std::size_t i = 0; i < Golden::n; i += 3) {
    std::vector<double> all;
    for (std::size_t j = 0; j < Golden::n; ++j) {
      if (j != i) all.push_back(twin(GetParam(), golden, i, j));
    }
    std::sort(all.begin(), all.end());
    for (std::size_t e = 0; e < Golden::k; ++e) {
      EXPECT_NEAR(twin(GetParam(), golden, i, found.indices[i * Golden::k + e]), all[e],
                  tolerance(GetParam(), 1e-5, all[e]));
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

TEST_P(EveryDistance, DoesNotDependOnTheNumberOfThreads) {
  const Gaussians points = random_points(777, 11, 5);
  const Neighbors one = search(points, GetParam(), 45, 1);
  for (const unsigned threads : {2u, 4u}) {
    const Neighbors many = search(points, GetParam(), 45, threads);
    EXPECT_EQ(one.indices, many.indices);
    EXPECT_EQ(one.squared, many.squared);
  }
}

// Uses sizes around the block size of 64, and neighborhoods that contain all other points.
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

TEST(ExactSearch, FindsTheSameNeighborsAsASort) {
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

TEST(ExactSearch, PrefersTheLowerIndexAmongEqualDistances) {
  const std::vector<double> equal(200 * 4, 1.5);
  const Gaussians points = pack_means({nullptr, equal.data()}, 200, 4);
  const Neighbors found = search(points, "euclidean", 10);
  for (std::size_t i = 0; i < 200; ++i) {
    for (std::size_t j = 0; j < 10; ++j) EXPECT_EQ(found.indices[i * 10 + j], j < i ? j : j + 1);
  }
}

// At these sizes, groups of blocks meet in more than one round.
TEST(ExactSearch, ComparesEveryPairOnce) {
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

// Many points have the same distance as the last point in a list.
TEST(ExactSearch, PrefersTheLowerIndexAmongEqualDistancesAtTheEndOfAList) {
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

TEST(ExactSearch, StopsWhenCanceled) {
  const Gaussians points = random_points(500, 5, 1);
  ThreadTeam team(2);
  Cancellation cancellation;
  cancellation.request();
  EXPECT_THROW(search_exactly(Distance("euclidean", points), 5, team, cancellation, ignore_progress), Canceled);
}

TEST(Gaussians, KeepTheDigitsOfShiftedAndScaledData) {
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

TEST(Gaussians, HandleDenormalDataAndAConstantColumnFarAway) {
  constexpr double kLeast = std::numeric_limits<double>::denorm_min();
  for (const auto& [near, unit] : {std::pair{0.0, kLeast}, {1e300, 1e-20}}) {
    std::vector<double> data(40 * 2);
    for (std::size_t i = 0; i < 40; ++i) {
      data[2 * i] = near;
      data[2 * i + 1] = i % 2 == 0 ? 0 : unit;
    }
    const Gaussians points = pack_means({nullptr, data.data()}, 40, 2);
    EXPECT_GT(points.scale, 0);
    ThreadTeam team(1);
    const Frame frame{.center = points.center, .scale = points.scale, .sigma_scale = 1, .axes = {}, .components = 0};
    const Gaussians queries = pack_queries({nullptr, data.data()}, 40, frame, team);
    for (std::size_t i = 0; i < 40; ++i) {
      for (std::size_t k = 0; k < 2; ++k) EXPECT_TRUE(std::isfinite(queries.means.at(i, k)));
    }
    for (const char* name : {"euclidean", "cosine", "correlation"}) {
      for (const float squared : search(points, name, 10).squared) EXPECT_TRUE(std::isfinite(squared)) << name;
      EXPECT_TRUE(std::isfinite(Distance(name, points).squared(0, 1))) << name;
    }
  }
}

TEST(Gaussians, KeepTheNeighborsOfOtherPointsIfOneIsFarAway) {
  Random random(6);
  const std::size_t n = 300, d = 6;
  std::vector<double> data(n * d);
  for (double& x : data) x = 5 + random.normal();
  const Neighbors expected = search(pack_means({nullptr, data.data()}, n, d), "euclidean", 12);
  for (const double far : {1e6, -1e10, 1e12, 9.97e36, -1e300, std::numeric_limits<double>::max()}) {
    std::vector<double> changed(data);
    changed[7 * d + 2] = far;
    const Gaussians points = pack_means({nullptr, changed.data()}, n, d);
    ASSERT_TRUE(points.far_value) << far;
    EXPECT_EQ(points.far_value->row, 7u);
    EXPECT_EQ(points.far_value->column, 2u);
    EXPECT_EQ(points.far_value->value, far);
    const Neighbors found = search(points, "euclidean", 12);
    for (std::size_t i = 0; i < n; ++i) {
      const auto row = [&](const Neighbors& lists) { return &lists.indices[i * 12]; };
      // Other lists differ if they contained point 7, because they have another point in its place.
      if (i == 7 || std::count(row(expected), row(expected) + 12, 7u) > 0) continue;
      EXPECT_TRUE(std::equal(row(expected), row(expected) + 12, row(found))) << far << " " << i;
    }
  }
}

TEST(Gaussians, KeepTheStructureAmongSeveralFarPoints) {
  // A fifth of the points have a fill value in one column. Their neighbors must be the same as without this column.
  Random random(7);
  const std::size_t n = 200, d = 4, k = 5;
  std::vector<double> data(n * d), rest(n / 5 * (d - 1));
  for (double& x : data) x = random.normal();
  for (std::size_t i = 0; i < n / 5; ++i) {
    data[5 * i * d] = 9.97e36;
    std::copy_n(&data[5 * i * d + 1], d - 1, &rest[i * (d - 1)]);
  }
  const Neighbors found = search(pack_means({nullptr, data.data()}, n, d), "euclidean", k);
  const Neighbors expected = search(pack_means({nullptr, rest.data()}, n / 5, d - 1), "euclidean", k);
  for (std::size_t i = 0; i < n / 5; ++i) {
    for (std::size_t e = 0; e < k; ++e) {
      EXPECT_EQ(found.indices[5 * i * k + e], 5 * expected.indices[i * k + e]) << i;
    }
  }
}

TEST(Gaussians, AreCenteredAtTheMeanForOrdinaryData) {
  Random random(8);
  std::vector<double> data(500 * 3);
  for (double& x : data) x = random.normal();
  data[30] = 100;
  const Gaussians points = pack_means({nullptr, data.data()}, 500, 3);
  EXPECT_FALSE(points.far_value);
  double mean = 0;
  for (std::size_t i = 0; i < 500; ++i) mean += data[i * 3] / 500;
  EXPECT_NEAR(points.center[0], mean, 1e-12);
}

TEST(Gaussians, KeepTheWeightsOfOtherPointsIfOneHasAHugeSigma) {
  Random random(9);
  const std::size_t n = 200, d = 4, k = 8;
  std::vector<double> data(n * d), sigma(n * d);
  for (double& x : data) x = random.normal();
  for (double& x : sigma) x = 0.1 + random.uniform();
  const auto neighbors = [&] {
    Gaussians points = pack_means({nullptr, data.data()}, n, d);
    pack_sigma(points, {nullptr, sigma.data()}, 0.01);
    return search(points, "mahalanobis", k);
  };
  sigma[5 * d + 1] = 1e8;
  const Neighbors expected = neighbors();
  for (const double huge : {1e20, 1e100}) {
    sigma[5 * d + 1] = huge;
    EXPECT_EQ(neighbors().indices, expected.indices) << huge;
  }
}

TEST(Gaussians, ReportTheRowAndColumnOfABadNumber) {
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

TEST(Gaussians, HandleSigmaOfAnySize) {
  const std::size_t n = 100;
  Random random(9);
  std::vector<double> data(n * 4), sigma(n * 4);
  for (double& x : data) x = random.normal();
  for (std::size_t i = 0; i < sigma.size(); ++i) sigma[i] = std::pow(10.0, static_cast<double>(i % 41) * 10 - 200);
  Gaussians points = pack_means({nullptr, data.data()}, n, 4);
  pack_sigma(points, {nullptr, sigma.data()}, 1e-12);
  test::add_test_spread(points);
  for (const std::string& name : test::distance_names()) {
    for (const float squared : search(points, name, 10).squared) EXPECT_TRUE(std::isfinite(squared)) << name;
  }
}

// Either one column or no column has values that are far from all others.
TEST(Distance, IsFiniteAtEveryProportionOfMeansAndSigma) {
  const std::size_t n = 130, d = 4;
  Random random(10);
  std::vector<double> data(n * d), sigma(n * d);
  for (double& x : data) x = random.normal();
  for (double& s : sigma) s = std::exp(random.normal());
  for (const double of_means : {0.0, 1.0, 1e30, 1e-30, 1e300, 1e-300}) {
    for (const double of_sigma : {0.0, 1.0, 1e30, 1e-30, 1e300, 1e-300}) {
      for (const double floor : {0.01, 1e-30, 1e30}) {
        std::vector<double> mu(data), deviations(sigma);
        for (std::size_t e = 0; e < n * d; ++e) {
          mu[e] = e % d == 2 ? 7 : mu[e] * of_means;
          deviations[e] = e % d == 3 ? 0 : deviations[e] * of_sigma;
        }
        Gaussians points = pack_means({nullptr, mu.data()}, n, d);
        pack_sigma(points, {nullptr, deviations.data()}, floor);
        ThreadTeam team(1);
        resolve_noise(points, "likelihood-ratio", team, Cancellation());
        for (const std::string& name : test::distance_names()) {
          bool is_finite = true;
          for (const float squared : search(points, name, 10).squared) {
            is_finite &= (squared >= 0 || traits_of(name).may_be_negative) && std::abs(squared) < 1e38f;
          }
          EXPECT_TRUE(is_finite) << name << " " << of_means << " " << of_sigma << " " << floor;
        }
      }
    }
  }
}

// Tests the formulas themselves, without the replacement by the Euclidean distance that equal sigma allows.
TEST(Distance, GivesTheEuclideanNeighborsIfAllSigmasAreEqual) {
  const Golden golden;
  Gaussians points = golden.points();
  const Neighbors plain = search(points, "euclidean", Golden::k);
  for (const double constant : {0.0, 0.3, 1e8}) {
    const std::vector<double> sigma(golden.mu.size(), constant);
    pack_sigma(points, {nullptr, sigma.data()}, Golden::floor);
    for (const DistanceKernel& kernel : all_distances()) {
      if (!kernel.traits.is_plain_for_equal_sigma) continue;
      EXPECT_EQ(simplest_distance(kernel.name, points), "euclidean");
      const Distance distance(kernel.name, points);
      const Neighbors found = search(points, kernel.name, Golden::k);
      // The logarithm of the variances is a constant here.
      const double first = plain.squared[0], last = plain.squared[Golden::k - 1], own = found.squared[0];
      const bool has_constant = kernel.traits.may_be_negative;
      const double factor =
          has_constant ? (static_cast<double>(found.squared[Golden::k - 1]) - own) / (last - first) : own / first;
      const double offset = has_constant ? own - factor * first : 0;
      for (std::size_t e = 0; e < plain.squared.size(); ++e) {
        const double expected = static_cast<double>(plain.squared[e]) * factor + offset;
        EXPECT_NEAR(found.squared[e], expected, 2e-6 * std::abs(expected) + (has_constant ? 1e-5 * std::abs(own) : 0))
            << kernel.name;
      }
    }
  }
  EXPECT_EQ(simplest_distance("wasserstein", golden.points()), "wasserstein");
  EXPECT_EQ(simplest_distance("cosine", points), "cosine");
}

// The variances are nearly equal: the logarithm of their ratio is far below the rounding errors of float32.
TEST(Distance, KeepsItsDigitsIfVariancesAreNearlyEqual) {
  const std::size_t n = 64, d = 20;
  Random random(13);
  std::vector<double> mu(n * d, 0.0), sigma(n * d);
  for (double& s : sigma) s = 1 + 0.01 * random.normal();
  mu[0] = 1e-3;
  Gaussians points = pack_means({nullptr, mu.data()}, n, d);
  pack_sigma(points, {nullptr, sigma.data()}, 0.01);
  const Data data{mu.data(), sigma.data(), d, 0.01};
  for (const char* name : {"bhattacharyya", "jeffreys"}) {
    const Distance distance(name, points);
    std::vector<float> tile(64 * 64);
    distance.tile(distance.block(0), distance.block(0), 64, 64, tile.data());
    const double unit = twin(name, data, 1, 2) / static_cast<double>(tile[66]);
    for (std::size_t i = 0; i < n; i += 7) {
      for (std::size_t j = 0; j < n; ++j) {
        const double expected = twin(name, data, i, j);
        EXPECT_NEAR(static_cast<double>(tile[i * 64 + j]) * unit, expected, 1e-4 * expected) << name;
      }
    }
  }
}

// Angles are seen from the caller's origin, and rows without a direction get an extra direction.
TEST(Distance, MeasuresAnglesFromTheOrigin) {
  const std::vector<double> data = {3, 0, 0, /**/ 5, 0, 0, /**/ 0, 2, 0, /**/ 0, 0, 0, /**/ 0, 0, 0, /**/ -7, 0, 0};
  const Gaussians points = pack_means({nullptr, data.data()}, 6, 3);
  const Distance cosine("cosine", points);
  const double expected[6][6] = {{0, 0, 1, 1, 1, 4}, {0, 0, 1, 1, 1, 4}, {1, 1, 0, 1, 1, 1},
                                 {1, 1, 1, 0, 0, 1}, {1, 1, 1, 0, 0, 1}, {4, 4, 1, 1, 1, 0}};
  for (std::size_t i = 0; i < 6; ++i) {
    for (std::size_t j = 0; j < 6; ++j) EXPECT_NEAR(cosine.squared(i, j), expected[i][j], 1e-6) << i << " " << j;
  }
}

TEST(Distance, TreatsConstantRowsAsUncorrelated) {
  const std::vector<double> data = {1, 2, 3, /**/ 10, 20, 30, /**/ 0.1, 0.1, 0.1, /**/ 7, 7, 7, /**/ 3, 2, 1};
  const Gaussians points = pack_means({nullptr, data.data()}, 5, 3);
  const Distance correlation("correlation", points);
  const double expected[5][5] = {{0, 0, 1, 1, 4}, {0, 0, 1, 1, 4}, {1, 1, 0, 0, 1}, {1, 1, 0, 0, 1}, {4, 4, 1, 1, 0}};
  for (std::size_t i = 0; i < 5; ++i) {
    for (std::size_t j = 0; j < 5; ++j) EXPECT_NEAR(correlation.squared(i, j), expected[i][j], 1e-6) << i << " " << j;
  }
}

TEST(Distance, KeepsItsDigitsForSmallAngles) {
  const std::vector<double> data = {1e6, 0, /**/ 1e6, 1, /**/ 1e6, 2, /**/ 1e6, 4};
  const Gaussians points = pack_means({nullptr, data.data()}, 4, 2);
  const Distance cosine("cosine", points);
  // For a small angle a, 1 - cos a = a^2 / 2.
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

// The slow counterpart examines every number of the tile.
TEST(DistanceKernels, FindPairsWithinEitherBound) {
  Random random(7);
  std::vector<double> data(128 * 5), sigma(128 * 5);
  for (double& x : data) x = random.normal();
  for (double& x : sigma) x = std::exp(random.normal());
  Gaussians points = pack_means({nullptr, data.data()}, 128, 5);
  pack_sigma(points, {nullptr, sigma.data()}, 0.01);
  test::add_test_spread(points);
  for (const DistanceKernels* table : every_table()) {
    for (const DistanceKernel& kernel : table->all) {
      const Distance distance(kernel.name, points);
      std::vector<float> tile(64 * 64), squared(64 * 64), rows(64), columns(64);
      kernel.tile(distance.block(0), distance.block(1), distance.means().cols(), distance.weights(), 64, 64,
                  tile.data());
      for (std::size_t i = 0; i < 64; ++i) {
        rows[i] = tile[random.bits() % tile.size()];
        columns[i] = i % 3 == 0 ? tile[random.bits() % tile.size()] : -std::numeric_limits<float>::infinity();
      }
      for (const auto& [height, width] : {std::pair<std::size_t, std::size_t>{64, 64}, {41, 19}, {1, 64}, {6, 33}}) {
        std::map<std::size_t, float> expected, found;
        for (std::size_t i = 0; i < height; ++i) {
          for (std::size_t j = 0; j < width; ++j) {
            if (tile[64 * i + j] <= std::max(rows[i], columns[j])) expected[64 * i + j] = tile[64 * i + j];
          }
        }
        std::vector<std::uint16_t> pairs(64 * 64);
        const std::size_t count =
            kernel.find_near(distance.block(0), distance.block(1), distance.means().cols(), distance.weights(), height,
                             width, rows.data(), columns.data(), pairs.data(), squared.data());
        for (std::size_t e = 0; e < count; ++e) found[pairs[e]] = squared[e];
        EXPECT_EQ(found, expected) << kernel.name;
        EXPECT_EQ(count, expected.size()) << kernel.name;
      }
    }
  }
}

TEST(DistanceKernels, FindTheFirstOfEqualLeastNumbers) {
  Random random(8);
  std::vector<float> row(64);
  for (const DistanceKernels* table : every_table()) {
    for (const std::size_t width : {1, 7, 16, 33, 64}) {
      for (float& x : row) x = static_cast<float>(random.bits() % 9) - 4;
      const auto least = std::min_element(row.begin(), row.begin() + static_cast<std::ptrdiff_t>(width));
      const Least found = table->find_least(row.data(), width);
      EXPECT_EQ(found.value, *least);
      EXPECT_EQ(found.position, least - row.begin());
    }
    std::fill(row.begin(), row.end(), std::numeric_limits<float>::quiet_NaN());
    EXPECT_EQ(table->find_least(row.data(), 64).position, 0u);
    EXPECT_EQ(table->find_least(row.data(), 64).value, std::numeric_limits<float>::infinity());
  }
}

TEST(DistanceKernels, FindABoundThatSeparatesTheLeastNumbers) {
  Random random(8);
  for (const auto& [kinds, least] : {std::pair{1, 0}, {3, 0}, {1000000, 0}, {1, -1}, {3, -1}, {1000000, -500000}}) {
    std::vector<float> values(208);
    for (float& x : values) x = static_cast<float>(static_cast<int>(random.bits() % kinds) + least) / 7;
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

TEST(NearestLists, KeepTheNearestInAnyOrderOfCandidates) {
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
    NearestLists::Scratch scratch;
    EXPECT_EQ(lists.take(0, indices.data(), squared.data(), scratch), 0u);
    EXPECT_EQ(lists.take(1, indices.data(), squared.data(), scratch), 30u);
    for (std::size_t e = 0; e < 30; ++e) EXPECT_EQ((std::pair{squared[e], indices[e]}), expected[e]);
    for (std::size_t c = candidates.size() - 1; c > 0; --c)
      std::swap(candidates[c], candidates[random.bits() % (c + 1)]);
  }
}

TEST(Distance, RejectsAnUnknownNameAndAMissingSigma) {
  const std::vector<double> data(12, 1.0);
  const Gaussians points = pack_means({nullptr, data.data()}, 4, 3);
  EXPECT_THROW(Distance("euclidian", points), std::invalid_argument);
  for (const DistanceKernel& kernel : all_distances()) {
    if (kernel.traits.uses_sigma()) {
      EXPECT_THROW(Distance(kernel.name, points), std::invalid_argument);
    } else {
      EXPECT_EQ(Distance(kernel.name, points).variances(), nullptr);
    }
  }
}

}  // namespace
}  // namespace sigma
