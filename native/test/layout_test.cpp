#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <set>

#include "golden.hpp"
#include "layout/grid_assignment.hpp"
#include "layout/separation.hpp"
#include "support/random.hpp"

namespace sigma {
namespace {

const auto kSilent = [](double) {};

// Round clusters of different sizes, like those of embeddings.
SquarePoints make_embedding(std::size_t n) {
  Random random(5);
  const auto bell = [&] { return random.uniform() + random.uniform() + random.uniform() - 1.5; };
  SquarePoints embedding(2 * n);
  for (std::size_t i = 0; i < n; ++i) {
    const double group = static_cast<double>(i % 5);
    embedding[2 * i] = 3 * std::cos(group * 2.4) * group + bell() * (1 + group / 2);
    embedding[2 * i + 1] = 2 * std::sin(group * 2.4) * group + bell();
  }
  return embedding;
}

SquarePoints make_uniform(std::size_t n, std::uint64_t seed) {
  Random random(seed);
  SquarePoints points(2 * n);
  for (double& at : points) at = random.uniform();
  return points;
}

Separation separate(const SquarePoints& embedding, const SeparationOptions& options = {}, unsigned threads = 2) {
  ThreadTeam team(threads);
  return separate_points({nullptr, embedding.data()}, embedding.size() / 2, options, team, Cancellation(), kSilent);
}

GridAssignment assign(const SquarePoints& points, std::size_t rows, std::size_t columns,
                      std::size_t exact_cells = kExactCells, unsigned threads = 2) {
  ThreadTeam team(threads);
  return assign_to_grid(points, rows, columns, team, Cancellation(), kSilent, exact_cells);
}

double squared_way(const SquarePoints& points, std::size_t i, std::size_t cell, std::size_t rows, std::size_t columns) {
  const double dx = points[2 * i] * static_cast<double>(columns) - static_cast<double>(cell % columns) - 0.5;
  const double dy = (1 - points[2 * i + 1]) * static_cast<double>(rows) - static_cast<double>(cell / columns) - 0.5;
  return dx * dx + dy * dy;
}

// The least cost of all assignments, found by dynamic programming: the least cost of the first points for every set of
// cells.
double least_cost(const SquarePoints& points, std::size_t rows, std::size_t columns) {
  const std::size_t n = points.size() / 2, cells = rows * columns;
  std::vector<double> best(std::size_t{1} << cells, std::numeric_limits<double>::infinity());
  best[0] = 0;
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t taken = 0; taken < best.size(); ++taken) {
    const auto i = static_cast<std::size_t>(__builtin_popcountll(taken));
    if (i == n) least = std::min(least, best[taken]);
    if (i >= n) continue;
    for (std::size_t cell = 0; cell < cells; ++cell) {
      if (taken >> cell & 1) continue;
      double& next = best[taken | std::size_t{1} << cell];
      next = std::min(next, best[taken] + squared_way(points, i, cell, rows, columns));
    }
  }
  return least;
}

TEST(Separation, FlowIsEvenAndKeepsNeighbors) {
  const Separation found = separate(make_embedding(3000));
  EXPECT_LT(found.evenness, 0.45);  // independent uniform points: 0.58
  EXPECT_GT(found.evenness_before, 2 * found.evenness);
  EXPECT_GT(found.kept, 0.6);
  for (const double at : found.points) EXPECT_TRUE(at >= 0 && at <= 1);
}

TEST(Separation, DoesNotDependOnTheNumberOfThreads) {
  for (const auto method : {SeparationMethod::flow, SeparationMethod::iterative, SeparationMethod::conditional}) {
    SeparationOptions options;
    options.method = method;
    const Separation one = separate(make_embedding(2500), options, 1),
                     three = separate(make_embedding(2500), options, 3);
    EXPECT_EQ(one.points, three.points);
    EXPECT_EQ(one.kept, three.kept);
    EXPECT_EQ(one.fallbacks, three.fallbacks);
  }
}

TEST(Separation, IterativeAgreesWithItsDefinition) {
  const auto embedding = test::read_golden<double>("uniform_points"),
             expected = test::read_golden<double>("uniform_iterative");
  SeparationOptions options;
  options.method = SeparationMethod::iterative;
  const Separation found = separate(embedding, options);
  ASSERT_EQ(found.points.size(), expected.size());
  for (std::size_t e = 0; e < expected.size(); ++e) EXPECT_NEAR(found.points[e], expected[e], 1e-9);
  EXPECT_EQ(found.iterations, 100u);
  EXPECT_NEAR(found.last_move, 0.037339322008012286, 1e-9);
}

TEST(Separation, ConditionalReplacesXByItsDistribution) {
  const SquarePoints embedding = make_embedding(4000);
  SeparationOptions options;
  options.method = SeparationMethod::conditional;
  options.bins = 8;
  const Separation found = separate(embedding, options);
  const SquarePoints square = fill_square({nullptr, embedding.data()}, 4000);
  std::vector<std::size_t> order(4000);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return square[2 * a] < square[2 * b]; });
  for (std::size_t rank = 0; rank < order.size(); ++rank) {
    const double in_bins = square[2 * order[rank]] * 8;
    if (std::abs(in_bins - std::round(in_bins)) > 0.002) continue;
    EXPECT_NEAR(found.points[2 * order[rank]], static_cast<double>(rank) / 4000, 0.005);
  }
  for (std::size_t rank = 1; rank < order.size(); ++rank) {
    EXPECT_GE(found.points[2 * order[rank]], found.points[2 * order[rank - 1]] - 2e-4);
  }
}

// Between nodes the result depends on the interpolation. At the centers of columns and the borders of bins it does not.
TEST(Separation, ConditionalReplacesYByItsDistributionGivenX) {
  constexpr std::size_t kBins = 6;
  SquarePoints embedding{0, 0, 1, 1};
  for (std::size_t column = 0; column < kBins; ++column) {
    for (std::size_t border = 1; border <= kBins; ++border) {
      for (std::size_t times = 0; times < 1 + (column * border) % 7; ++times) {
        embedding.push_back((static_cast<double>(column) + 0.5) / kBins);
        embedding.push_back(static_cast<double>(border) / kBins);
      }
    }
  }
  SeparationOptions options;
  options.method = SeparationMethod::conditional;
  options.bins = kBins;
  const Separation found = separate(embedding, options);
  for (std::size_t i = 2; i < embedding.size() / 2; ++i) {
    std::size_t all = 0, below = 0;
    for (std::size_t j = 0; j < embedding.size() / 2; ++j) {
      if (std::abs(embedding[2 * j] - embedding[2 * i]) > 0.5 / kBins + 1e-9) continue;
      ++all;
      below += embedding[2 * j + 1] <= embedding[2 * i + 1];
    }
    const double expected = static_cast<double>(below) / static_cast<double>(all);
    EXPECT_NEAR(found.points[2 * i + 1], expected, 2e-3) << i;
  }
  EXPECT_GT(found.fallbacks, 0u);  // points in the outer halves of the outer columns
}

TEST(Separation, NeverReturnsTwoEqualPoints) {
  SquarePoints embedding = make_embedding(2000);
  std::fill_n(embedding.begin(), 2000, 0.5);
  const SquarePoints line = [] {
    SquarePoints points(1000);
    for (std::size_t i = 0; i < 500; ++i) points[2 * i] = points[2 * i + 1] = static_cast<double>(i / 3);
    return points;
  }();
  for (const SquarePoints& points : {embedding, line, SquarePoints(600, 1.0)}) {
    for (const auto method : {SeparationMethod::flow, SeparationMethod::iterative, SeparationMethod::conditional}) {
      SeparationOptions options;
      options.method = method;
      const Separation found = separate(points, options);
      std::set<std::pair<double, double>> distinct;
      for (std::size_t e = 0; e < points.size(); e += 2) distinct.emplace(found.points[e], found.points[e + 1]);
      EXPECT_EQ(distinct.size(), points.size() / 2);
    }
  }
}

TEST(Separation, StopsWhenCanceled) {
  Cancellation cancellation;
  ThreadTeam team(2);
  const SquarePoints embedding = make_embedding(500);
  const auto cancel = [&](double) { cancellation.request(); };
  EXPECT_THROW(separate_points({nullptr, embedding.data()}, 500, {}, team, cancellation, cancel), Canceled);
}

TEST(SquarePoints, HaveTheNearestPointsThatComparingAllPairsFinds) {
  SquarePoints points = make_uniform(700, 3);
  std::copy_n(points.begin(), 100, points.begin() + 200);
  std::vector<std::uint32_t> all(700);
  std::iota(all.begin(), all.end(), 0u);
  ThreadTeam team(2);
  const auto found = find_nearest(points, all, 7, team);
  const auto squared = [&](std::size_t i, std::size_t j) {
    const double dx = points[2 * i] - points[2 * j], dy = points[2 * i + 1] - points[2 * j + 1];
    return dx * dx + dy * dy;
  };
  for (std::size_t i = 0; i < 700; ++i) {
    std::vector<double> distances;
    for (std::size_t j = 0; j < 700; ++j) {
      if (j != i) distances.push_back(squared(i, j));
    }
    std::sort(distances.begin(), distances.end());
    for (std::size_t r = 0; r < 7; ++r) {
      EXPECT_NE(found[7 * i + r], i);
      EXPECT_EQ(squared(i, found[7 * i + r]), distances[r]);
    }
  }
}

TEST(SquarePoints, ReportTheFirstBadRow) {
  SquarePoints points = make_uniform(10, 1);
  points[2 * 7] = points[2 * 4 + 1] = std::numeric_limits<double>::quiet_NaN();
  try {
    require_finite({nullptr, points.data()}, 10);
    FAIL();
  } catch (const BadValue& bad) {
    EXPECT_EQ(bad.row, 4u);
    EXPECT_EQ(bad.column, 1u);
  }
}

TEST(GridAssignment, HasTheLeastCostOfAllAssignments) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const std::size_t rows = 2 + seed % 3, columns = 4, n = seed % 2 == 0 ? rows * columns : rows * columns - 3;
    SquarePoints points = make_uniform(n, seed);
    if (seed % 4 == 1) {
      for (double& at : points) at = 0.3 + at / 10;
    }
    const double least = least_cost(points, rows, columns);
    const GridAssignment found = assign(points, rows, columns);
    EXPECT_NEAR(found.cost, least, 1e-9);
    EXPECT_NEAR(found.bound, least, 1e-9);
    // An assignment in parts may cost more, but its bound must not exceed the least possible cost.
    const GridAssignment parts = assign(points, rows, columns, 4);
    EXPECT_GE(parts.cost, least - 1e-9);
    EXPECT_LE(parts.bound, least + 1e-9);
  }
}

TEST(GridAssignment, GivesEachPointItsOwnCell) {
  const Separation even = separate(make_embedding(3000));
  for (const auto& [rows, columns] : {std::pair<std::size_t, std::size_t>{50, 60}, {3, 1500}, {80, 70}}) {
    const GridAssignment found = assign(even.points, rows, columns, 256);
    EXPECT_EQ(std::set<std::uint32_t>(found.cells.begin(), found.cells.end()).size(), 3000u);
    EXPECT_LT(*std::max_element(found.cells.begin(), found.cells.end()), rows * columns);
    double cost = 0;
    for (std::size_t i = 0; i < 3000; ++i) cost += squared_way(even.points, i, found.cells[i], rows, columns);
    EXPECT_NEAR(found.cost, cost, 1e-6 * cost);
    EXPECT_LE(found.bound, found.cost);
    EXPECT_EQ(found.cells, assign(even.points, rows, columns, 256, 3).cells);
  }
}

TEST(GridAssignment, InPartsHasNearlyTheLeastCost) {
  const Separation even = separate(make_embedding(1500));
  const GridAssignment best = assign(even.points, 40, 40), parts = assign(even.points, 40, 40, 400);
  EXPECT_NEAR(best.cost, best.bound, 1e-6 * best.cost);
  EXPECT_LE(parts.bound, best.cost * (1 + 1e-9));
  EXPECT_GE(parts.cost, best.cost * (1 - 1e-9));
  EXPECT_LT(parts.cost, 1.1 * best.cost);
}

// Cancels during the assignment and during the computation of the bound. Crowded points have to examine most of a large
// grid.
TEST(GridAssignment, StopsWhenCanceled) {
  const SquarePoints points = make_uniform(1000, 2);
  ThreadTeam team(2);
  for (const int reports : {0, 1, 5}) {
    Cancellation cancellation;
    int seen = 0;
    const auto cancel = [&](double) {
      if (++seen == reports) cancellation.request();
    };
    if (reports == 0) cancellation.request();
    EXPECT_THROW(assign_to_grid(points, 25, 40, team, cancellation, cancel, 100), Canceled);
    EXPECT_EQ(seen, reports);
  }
}

TEST(GridAssignment, AssignsCrowdedPoints) {
  SquarePoints points(2 * 1000, 0.25);
  const GridAssignment found = assign(points, 25, 40, 300);
  EXPECT_EQ(std::set<std::uint32_t>(found.cells.begin(), found.cells.end()).size(), 1000u);
}

}  // namespace
}  // namespace sigma
