#include "neighbors/nn_descent.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <string_view>

#include "distance_names.hpp"
#include "golden.hpp"
#include "neighbors/exact_search.hpp"
#include "neighbors/projection_tree.hpp"
#include "neighbors/recall_sample.hpp"
#include "neighbors/search.hpp"
#include "support/errors.hpp"
#include "support/random.hpp"

namespace sigma {
namespace {

constexpr std::size_t kPoints = 4000, kDims = 12, kNeighbors = 30;

const auto ignore_progress = [](double) {};

// Ten clouds, which touch, with a standard deviation of their own for every number.
Gaussians clouds(std::size_t n = kPoints, std::size_t d = kDims) {
  Random random(11);
  std::vector<double> centers(10 * d), data(n * d), sigma(n * d);
  for (double& x : centers) x = 2 * random.normal();
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t k = 0; k < d; ++k) {
      data[i * d + k] = centers[i % 10 * d + k] + random.normal();
      sigma[i * d + k] = std::exp(random.normal());
    }
  }
  Gaussians points = pack_means({nullptr, data.data()}, n, d);
  pack_sigma(points, {nullptr, sigma.data()}, 0.01);
  test::add_test_spread(points);
  return points;
}

Neighbors search(const Gaussians& points, const std::string& distance, unsigned threads = 2, std::uint64_t seed = 1) {
  ThreadTeam team(threads);
  return search_by_nn_descent(Distance(distance, points), kNeighbors, seed, team, Cancellation(), ignore_progress);
}

double true_recall(const Neighbors& found, const Neighbors& truth) {
  std::size_t hits = 0;
  for (std::size_t i = 0; i < truth.count; ++i) {
    const std::set<std::uint32_t> row(found.indices.begin() + i * found.k, found.indices.begin() + (i + 1) * found.k);
    for (std::size_t e = 0; e < truth.k; ++e) hits += row.count(truth.indices[i * truth.k + e]);
  }
  return static_cast<double>(hits) / static_cast<double>(truth.indices.size());
}

class NeighborsByNnDescent : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(, NeighborsByNnDescent, testing::ValuesIn(test::distance_names()), test::name_of_case);

TEST_P(NeighborsByNnDescent, FindsMostNeighborsAndSaysHowMany) {
  const Gaussians points = clouds();
  ThreadTeam team(2);
  const Neighbors truth =
      search_exactly(Distance(GetParam(), points), kNeighbors, team, Cancellation(), ignore_progress);
  const Neighbors found = search(points, GetParam());
  EXPECT_EQ(found.method, NeighborMethod::nn_descent);
  EXPECT_GE(found.recall, 0.95);
  EXPECT_NEAR(found.recall, true_recall(found, truth), 0.02);
}

TEST_P(NeighborsByNnDescent, ListsAreSortedAndWithoutRepetition) {
  const Gaussians points = clouds();
  const Distance distance(GetParam(), points);
  const Neighbors found = search(points, GetParam());
  for (std::size_t i = 0; i < kPoints; ++i) {
    const auto first = found.indices.begin() + i * kNeighbors;
    EXPECT_TRUE(std::is_sorted(found.squared.begin() + i * kNeighbors, found.squared.begin() + (i + 1) * kNeighbors));
    std::set<std::uint32_t> row(first, first + kNeighbors);
    EXPECT_EQ(row.size(), kNeighbors);
    EXPECT_EQ(row.count(static_cast<std::uint32_t>(i)), 0u);
    EXPECT_LT(*row.rbegin(), kPoints);
    const double expected = distance.squared(i, found.indices[i * kNeighbors + 7]);
    EXPECT_NEAR(found.squared[i * kNeighbors + 7], expected, 1e-5 * std::abs(expected) + 1e-4);
  }
}

TEST_P(NeighborsByNnDescent, ThreadsDoNotMatter) {
  const Gaussians points = clouds();
  const Neighbors one = search(points, GetParam(), 1);
  for (const unsigned threads : {2u, 4u}) {
    const Neighbors many = search(points, GetParam(), threads);
    EXPECT_EQ(one.indices, many.indices);
    EXPECT_EQ(one.squared, many.squared);
    EXPECT_EQ(one.recall, many.recall);
  }
}

// In so many dimensions the trees find too little, and iterations follow.
TEST(NnDescent, FindsNeighborsInManyDimensions) {
  const Gaussians points = clouds(6000, 40);
  ThreadTeam team(2);
  const Distance distance("euclidean", points);
  const Neighbors truth = search_exactly(distance, kNeighbors, team, Cancellation(), ignore_progress);
  EXPECT_GE(true_recall(search(points, "euclidean"), truth), 0.95);
}

TEST(NnDescent, SeedsDiffer) {
  const Gaussians points = clouds();
  EXPECT_EQ(search(points, "euclidean", 2, 5).indices, search(points, "euclidean", 2, 5).indices);
  EXPECT_NE(search(points, "euclidean", 2, 5).indices, search(points, "euclidean", 2, 6).indices);
}

TEST(NnDescent, TakesEqualPoints) {
  std::vector<double> data(2000 * 3, 1.0);
  for (std::size_t i = 0; i < 500 * 3; ++i) data[i] = static_cast<double>(i % 7);
  const Gaussians points = pack_means({nullptr, data.data()}, 2000, 3);
  const Neighbors found = search(points, "euclidean");
  EXPECT_EQ(found.recall, 1.0);
  for (std::size_t i = 500; i < 2000; ++i) {
    const std::set<std::uint32_t> row(found.indices.begin() + i * kNeighbors,
                                      found.indices.begin() + (i + 1) * kNeighbors);
    EXPECT_EQ(row.size(), kNeighbors);
    EXPECT_EQ(found.squared[i * kNeighbors + kNeighbors - 1], 0.0f);
  }
}

TEST(NnDescent, StopsWhenCanceled) {
  const Gaussians points = clouds();
  ThreadTeam team(2);
  Cancellation cancellation;
  // In each of its phases.
  for (int reports = 0; reports < 16; ++reports) {
    cancellation.clear();
    int seen = 0;
    const auto cancel = [&](double) {
      if (seen++ == reports) cancellation.request();
    };
    try {
      search_by_nn_descent(Distance("euclidean", points), kNeighbors, 1, team, cancellation, cancel);
      EXPECT_LE(seen - 1, reports);
    } catch (const Canceled&) {
      EXPECT_EQ(seen - 1, reports);
    }
  }
}

TEST(NnDescent, ProgressRises) {
  const Gaussians points = clouds(3000, 40);
  ThreadTeam team(2);
  double last = 0;
  search_by_nn_descent(Distance("euclidean", points), kNeighbors, 1, team, Cancellation(), [&](double fraction) {
    EXPECT_GE(fraction, last);
    EXPECT_LE(fraction, 1.0);
    last = fraction;
  });
  EXPECT_EQ(last, 1.0);
}

TEST(FindNeighbors, RepeatsAPoorSearchUnlessThatTakesTooLong) {
  const auto repeats = [](std::size_t n, double recall) {
    Gaussians points;
    points.means = PackedMatrix(n, 2);
    return is_worth_repeating(Distance("euclidean", points), recall);
  };
  EXPECT_TRUE(repeats(400'000, 0.94));
  EXPECT_FALSE(repeats(400'000, 0.96));
  EXPECT_FALSE(repeats(4'000'000, 0.94));
}

TEST(FindNeighbors, SearchesFewPointsExactly) {
  const Gaussians points = clouds(500, 4);
  ThreadTeam team(2);
  const Distance distance("euclidean", points);
  for (const NeighborMethod method : {NeighborMethod::automatic, NeighborMethod::exact, NeighborMethod::nn_descent}) {
    const Neighbors found = find_neighbors(distance, kNeighbors, method, 1, team, Cancellation(), ignore_progress);
    EXPECT_EQ(found.method, NeighborMethod::exact);
    EXPECT_EQ(found.recall, 1.0);
  }
}

TEST(FindNeighbors, ChoosesByCost) {
  const auto choose = [](std::size_t n, std::size_t d, const char* name) {
    Gaussians points;
    points.means = PackedMatrix(n, d);
    if (std::string_view(name) == "inverse-variance") points.deviations = PackedMatrix(n, d);
    return choose_search(Distance(name, points, 1), 90);
  };
  EXPECT_EQ(choose(1000, 50, "euclidean"), NeighborMethod::exact);
  EXPECT_EQ(choose(160000, 50, "euclidean"), NeighborMethod::exact);
  EXPECT_EQ(choose(180000, 50, "euclidean"), NeighborMethod::nn_descent);
  EXPECT_EQ(choose(90000, 200, "euclidean"), NeighborMethod::exact);
  EXPECT_EQ(choose(90000, 200, "manhattan"), NeighborMethod::nn_descent);
  EXPECT_EQ(choose(120000, 50, "inverse-variance"), NeighborMethod::nn_descent);
}

TEST(ProjectionTree, CutsIntoEqualLeaves) {
  const Gaussians points = clouds(1700, 3);
  const Distance distance("euclidean", points);
  ThreadTeam team(1);
  const PointRows rows(distance, {}, team);
  const ProjectionTree tree = grow_tree(rows, 100, Random(3), Cancellation());
  EXPECT_EQ(tree.leaves(), 17u);
  std::set<std::uint32_t> seen(tree.order.begin(), tree.order.end());
  EXPECT_EQ(seen.size(), 1700u);
  for (std::size_t leaf = 0; leaf < tree.leaves(); ++leaf) EXPECT_EQ(tree.leaf(leaf).size(), 100u);
}

TEST(RecallSample, CountsWhatIsTrue) {
  const Gaussians points = clouds(700, 5);
  const Distance distance("manhattan", points);
  ThreadTeam team(2);
  const Neighbors truth = search_exactly(distance, 10, team, Cancellation(), ignore_progress);
  const PointRows rows(distance, {}, team);
  const RecallSample sample(rows, 10, 300, Random(2), team, Cancellation());
  EXPECT_EQ(sample.measure(truth.squared.data()), 1.0);
  std::vector<float> half(truth.squared);
  for (std::size_t i = 0; i < 700; ++i) std::fill_n(half.begin() + i * 10 + 5, 5, 1e9f);
  EXPECT_EQ(sample.measure(half.data()), 0.5);
}

}  // namespace
}  // namespace sigma
