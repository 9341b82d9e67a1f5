#include "neighbors/cell_search.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <string_view>

#include "distance_names.hpp"
#include "golden.hpp"
#include "neighbors/exact_search.hpp"
#include "neighbors/point_cells.hpp"
#include "neighbors/projection_tree.hpp"
#include "neighbors/recall_sample.hpp"
#include "neighbors/search.hpp"
#include "support/errors.hpp"
#include "support/random.hpp"

namespace sigma {
namespace {

constexpr std::size_t kPoints = 4000, kDims = 12, kNeighbors = 30;

const auto ignore_progress = [](double) {};

// Ten clouds that touch each other. Every number has its own standard deviation.
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
  const Distance prepared(distance, points);
  const CellSearch cells(prepared, kNeighbors, seed, team, Cancellation());
  return cells.run(team, Cancellation(), ignore_progress);
}

double true_recall(const Neighbors& found, const Neighbors& truth) {
  std::size_t hits = 0;
  for (std::size_t i = 0; i < truth.count; ++i) {
    const std::set<std::uint32_t> row(found.indices.begin() + i * found.k, found.indices.begin() + (i + 1) * found.k);
    for (std::size_t e = 0; e < truth.k; ++e) hits += row.count(truth.indices[i * truth.k + e]);
  }
  return static_cast<double>(hits) / static_cast<double>(truth.indices.size());
}

class NeighborsFromCells : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(, NeighborsFromCells, testing::ValuesIn(test::distance_names()), test::name_of_case);

TEST_P(NeighborsFromCells, IncludeMostTrueNeighborsAndReportTheRecall) {
  const Gaussians points = clouds();
  ThreadTeam team(2);
  const Neighbors truth =
      search_exactly(Distance(GetParam(), points), kNeighbors, team, Cancellation(), ignore_progress);
  const Neighbors found = search(points, GetParam());
  EXPECT_EQ(found.method, NeighborMethod::cells);
  EXPECT_GE(found.recall, 0.98);
  EXPECT_NEAR(found.recall, true_recall(found, truth), 0.02);
}

TEST_P(NeighborsFromCells, AreSortedWithoutRepetition) {
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

TEST_P(NeighborsFromCells, DoNotDependOnTheNumberOfThreads) {
  const Gaussians points = clouds();
  const Neighbors one = search(points, GetParam(), 1);
  for (const unsigned threads : {2u, 4u}) {
    const Neighbors many = search(points, GetParam(), threads);
    EXPECT_EQ(one.indices, many.indices);
    EXPECT_EQ(one.squared, many.squared);
    EXPECT_EQ(one.recall, many.recall);
  }
}

TEST(CellSearch, FindsNeighborsInManyDimensions) {
  const Gaussians points = clouds(6000, 40);
  ThreadTeam team(2);
  const Distance distance("euclidean", points);
  const Neighbors truth = search_exactly(distance, kNeighbors, team, Cancellation(), ignore_progress);
  EXPECT_GE(true_recall(search(points, "euclidean"), truth), 0.95);
}

TEST(CellSearch, DependsOnTheSeed) {
  const Gaussians points = clouds();
  EXPECT_EQ(search(points, "euclidean", 2, 5).indices, search(points, "euclidean", 2, 5).indices);
  EXPECT_NE(search(points, "euclidean", 2, 5).indices, search(points, "euclidean", 2, 6).indices);
}

TEST(CellSearch, HandlesEqualPoints) {
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

TEST(CellSearch, StopsWhenCanceled) {
  const Gaussians points = clouds();
  ThreadTeam team(2);
  const Distance distance("euclidean", points);
  Cancellation cancellation;
  const CellSearch search(distance, kNeighbors, 1, team, cancellation);
  for (int reports = 0; reports < 20; ++reports) {
    cancellation.clear();
    int seen = 0;
    const auto cancel = [&](double) {
      if (seen++ == reports) cancellation.request();
    };
    EXPECT_THROW(search.run(team, cancellation, cancel), Canceled);
    EXPECT_EQ(seen - 1, reports);
  }
  cancellation.request();
  EXPECT_THROW(CellSearch(distance, kNeighbors, 1, team, cancellation), Canceled);
}

TEST(CellSearch, ReportsRisingProgress) {
  const Gaussians points = clouds(3000, 40);
  ThreadTeam team(2);
  const Distance distance("euclidean", points);
  double last = 0;
  CellSearch(distance, kNeighbors, 1, team, Cancellation()).run(team, Cancellation(), [&](double fraction) {
    EXPECT_GE(fraction, last);
    EXPECT_LE(fraction, 1.0);
    last = fraction;
  });
  EXPECT_EQ(last, 1.0);
}

TEST(PointCells, PartitionThePoints) {
  // Half of the points are equal.
  Random random(4);
  std::vector<double> data(3000 * 5, 0.5);
  for (std::size_t e = 0; e < 1500 * 5; ++e) data[e] = random.normal();
  const Gaussians points = pack_means({nullptr, data.data()}, 3000, 5);
  const Distance distance("euclidean", points);
  ThreadTeam team(2);
  const PointCells cells(distance, 50, Random(3), team, Cancellation());
  std::set<std::uint32_t> seen;
  for (std::size_t c = 0; c < cells.count(); ++c) {
    const auto members = cells.members(c);
    EXPECT_GT(members.size(), 0u);
    EXPECT_LE(members.size(), 50 * PointCells::kLargest);
    seen.insert(members.begin(), members.end());
    for (std::size_t k = 0; k < 5; ++k) {
      double sum = 0;
      for (std::size_t m = 0; m < members.size(); ++m) {
        const float value = points.means.at(members[m], k);
        sum += static_cast<double>(value);
        const std::size_t block = cells.first_block(c) + m / 64;
        EXPECT_EQ(cells.points().block(block).means[k * 64 + m % 64], value);
      }
      const float center = cells.centroids().block(c / 64).means[k * 64 + c % 64];
      EXPECT_NEAR(static_cast<double>(center), sum / static_cast<double>(members.size()), 1e-6);
    }
  }
  EXPECT_EQ(seen.size(), 3000u);
}

TEST(FindNeighbors, SearchesFewPointsExactly) {
  const Gaussians points = clouds(500, 4);
  ThreadTeam team(2);
  const Distance distance("euclidean", points);
  for (const NeighborMethod method : {NeighborMethod::automatic, NeighborMethod::exact, NeighborMethod::cells}) {
    const Neighbors found = find_neighbors(distance, kNeighbors, method, 1, team, Cancellation(), ignore_progress);
    EXPECT_EQ(found.method, NeighborMethod::exact);
    EXPECT_EQ(found.recall, 1.0);
  }
}

// For points without structure, searching in cells would need more comparisons than half of all pairs.
TEST(FindNeighbors, ChoosesTheSearchWithFewerComparisons) {
  ThreadTeam team(2);
  const auto choose = [&](const Gaussians& points) {
    const Distance distance("euclidean", points);
    return find_neighbors(distance, 5, NeighborMethod::automatic, 1, team, Cancellation(), ignore_progress).method;
  };
  EXPECT_EQ(choose(clouds(14000, 3)), NeighborMethod::exact);
  EXPECT_EQ(choose(clouds(16000, 3)), NeighborMethod::cells);
  Random random(1);
  std::vector<double> data(16000 * 60);
  for (double& x : data) x = random.normal();
  EXPECT_EQ(choose(pack_means({nullptr, data.data()}, 16000, 60)), NeighborMethod::exact);
}

TEST(ProjectionTree, SplitsPointsIntoLeavesOfEqualSize) {
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

TEST(RecallSample, MeasuresTheShareOfTrueNeighbors) {
  const Gaussians points = clouds(700, 5);
  const Distance distance("manhattan", points);
  ThreadTeam team(2);
  const Neighbors truth = search_exactly(distance, 10, team, Cancellation(), ignore_progress);
  const PointCells cells(distance, 40, Random(3), team, Cancellation());
  const RecallSample sample(distance, cells, 10, 300, Random(2), team, Cancellation());
  EXPECT_EQ(sample.measure(truth.squared.data()), 1.0);
  std::vector<float> half(truth.squared);
  for (std::size_t i = 0; i < 700; ++i) std::fill_n(half.begin() + i * 10 + 5, 5, 1e9f);
  EXPECT_EQ(sample.measure(half.data()), 0.5);
  for (std::size_t s = 0; s < 300; ++s) {
    const auto first = truth.indices.begin() + sample.rows()[s] * 10;
    EXPECT_TRUE(std::equal(first, first + 10, sample.neighbors(s).begin()));
  }
}

}  // namespace
}  // namespace sigma
