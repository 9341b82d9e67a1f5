#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>
#include <utility>
#include <vector>

#include "affinity/affinities.hpp"
#include "affinity/packed_affinities.hpp"
#include "embedding/spectral_start.hpp"
#include "golden.hpp"
#include "neighbors/exact_search.hpp"
#include "support/random.hpp"

namespace sigma {
namespace {

using test::Golden;

struct Case {
  const char* distance;
  const char* prefix;
};

class GoldenAffinities : public testing::TestWithParam<Case> {
 protected:
  Golden golden;
  Gaussians points = golden.points();
  ThreadTeam team{2};
  Cancellation cancellation;
  Neighbors neighbors =
      search_exactly(Distance(GetParam().distance, points), Golden::k, team, cancellation, [](double) {});
  ConditionalAffinities conditional = calibrate(neighbors, {Golden::perplexity}, team, cancellation);
};

INSTANTIATE_TEST_SUITE_P(, GoldenAffinities,
                         testing::Values(Case{"euclidean", "euclidean"}, Case{"inverse-variance", "sigma"}),
                         [](const auto& info) { return std::string(info.param.prefix); });

TEST_P(GoldenAffinities, ConditionalRowsAgree) {
  const auto expected = test::read_golden<double>(std::string(GetParam().prefix) + "_conditional");
  for (std::size_t e = 0; e < expected.size(); ++e) EXPECT_NEAR(conditional.values[e], expected[e], 2e-6);
}

TEST_P(GoldenAffinities, PrecisionsAgree) {
  const auto expected = test::read_golden<double>(std::string(GetParam().prefix) + "_precision");
  const double unit = points.scale * points.scale;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_NEAR(conditional.precisions[i] / unit, expected[i], 2e-5 * expected[i]);
  }
}

TEST_P(GoldenAffinities, JointAgreesWithTheDenseSum) {
  const Affinities joint = symmetrize(neighbors, conditional, team, cancellation);
  std::vector<double> dense(Golden::n * Golden::n);
  for (std::size_t i = 0; i < Golden::n; ++i) {
    for (std::size_t j = 0; j < Golden::k; ++j) {
      const std::size_t other = neighbors.indices[i * Golden::k + j];
      const double half = static_cast<double>(conditional.values[i * Golden::k + j]) / (2.0 * Golden::n);
      dense[i * Golden::n + other] += half;
      dense[other * Golden::n + i] += half;
    }
  }
  double total = 0;
  for (std::size_t i = 0; i < Golden::n; ++i) {
    std::size_t edges = 0;
    for (std::uint64_t e = joint.offsets[i]; e < joint.offsets[i + 1]; ++e) {
      EXPECT_NEAR(joint.values[e], dense[i * Golden::n + joint.columns[e]], 1e-9);
      EXPECT_EQ(std::count(&joint.columns[joint.offsets[i]], &joint.columns[e], joint.columns[e]), 0);
      EXPECT_NE(joint.columns[e], i);
      total += static_cast<double>(joint.values[e]);
      ++edges;
    }
    EXPECT_EQ(edges, std::count_if(dense.begin() + i * Golden::n, dense.begin() + (i + 1) * Golden::n,
                                   [](double p) { return p > 0; }));
  }
  EXPECT_NEAR(total, 1.0, 1e-6);
}

TEST(Affinities, SumBothDirectionsForManyNeighbors) {
  // This many points make the transpose consist of several parts.
  constexpr std::size_t n = 50'000, k = 90;
  Neighbors neighbors{.count = n, .k = k, .indices = std::vector<std::uint32_t>(n * k), .squared = {}};
  ConditionalAffinities conditional{std::vector<float>(n * k), {}};
  Random random(5);
  for (std::size_t e = 0; e < n * k; ++e) {
    // The neighbors of a row are distinct. About half of them also have the row among their neighbors.
    const std::size_t step = 1 + e % k / 2 + (random.bits() % 2) * (k / 2);
    neighbors.indices[e] = static_cast<std::uint32_t>((e / k + (e % 2 == 0 ? step : n - step)) % n);
    conditional.values[e] = static_cast<float>(random.uniform());
  }
  std::vector<std::vector<std::pair<std::uint32_t, float>>> rows(n);
  for (std::size_t e = 0; e < n * k; ++e) rows[e / k].emplace_back(neighbors.indices[e], conditional.values[e]);
  for (std::size_t e = 0; e < n * k; ++e) {
    auto& row = rows[neighbors.indices[e]];
    const auto own = std::find_if(row.begin(), row.begin() + k, [&](auto edge) { return edge.first == e / k; });
    if (own != row.begin() + k) {
      own->second += conditional.values[e];
    } else {
      row.emplace_back(static_cast<std::uint32_t>(e / k), conditional.values[e]);
    }
  }
  ThreadTeam team(2);
  const Affinities joint = symmetrize(neighbors, conditional, team, Cancellation());
  for (std::size_t i = 0; i < n; ++i) {
    ASSERT_EQ(joint.offsets[i + 1] - joint.offsets[i], rows[i].size());
    for (std::size_t e = 0; e < rows[i].size(); ++e) {
      ASSERT_EQ(joint.columns[joint.offsets[i] + e], rows[i][e].first);
      ASSERT_EQ(joint.values[joint.offsets[i] + e],
                static_cast<float>(static_cast<double>(rows[i][e].second) / (2.0 * n)));
    }
  }
}

TEST_P(GoldenAffinities, ReorderingMovesEveryEdge) {
  const Affinities joint = symmetrize(neighbors, conditional, team, cancellation);
  std::vector<std::uint32_t> order(Golden::n);
  for (std::size_t r = 0; r < Golden::n; ++r) order[r] = static_cast<std::uint32_t>((r * 7 + 3) % Golden::n);
  Affinities moved = joint;
  reorder(moved, order, team);
  const auto at = [](const Affinities& p, std::size_t i, std::size_t j) {
    for (std::uint64_t e = p.offsets[i]; e < p.offsets[i + 1]; ++e) {
      if (p.columns[e] == j) return p.values[e];
    }
    return 0.0f;
  };
  EXPECT_EQ(moved.values.size(), joint.values.size());
  for (std::size_t r = 0; r < Golden::n; r += 3) {
    for (std::size_t c = 0; c < Golden::n; ++c) EXPECT_EQ(at(moved, r, c), at(joint, order[r], order[c]));
  }
}

TEST(Affinities, OfAGraphAreNormalizedSumsOfItsWeights) {
  // Row 0 has edges to 1 (with twice the weight of the opposite edge) and to 2. Row 2 has an edge to itself and an edge
  // of weight 0.
  const WeightedGraph graph{{0, 2, 3, 5, 5}, {1, 2, 0, 2, 3}, {2, 3, 1, 7, 0}};
  ThreadTeam team(2);
  const Affinities p = normalize_weights(graph, team, Cancellation());
  EXPECT_EQ(p.offsets, (std::vector<std::uint64_t>{0, 2, 3, 4, 4}));
  EXPECT_EQ(std::vector<std::uint32_t>(p.columns.begin(), p.columns.end()), (std::vector<std::uint32_t>{1, 2, 0, 0}));
  const std::vector<float> expected{0.25f, 0.25f, 0.25f, 0.25f};
  for (std::size_t e = 0; e < 4; ++e) EXPECT_FLOAT_EQ(p.values[e], expected[e]);
}

TEST(Affinities, OfAGraphOfConditionalAffinitiesEqualTheirSymmetrization) {
  const Golden golden;
  const Gaussians points = pack_means({nullptr, golden.mu.data()}, Golden::n, Golden::d);
  ThreadTeam team(2);
  const Cancellation cancellation;
  const auto found = search_exactly(Distance("euclidean", points), Golden::k, team, cancellation, [](double) {});
  const auto conditional = calibrate(found, {Golden::perplexity}, team, cancellation);
  const Affinities expected = symmetrize(found, conditional, team, cancellation);
  WeightedGraph graph{{0}, found.indices, conditional.values};
  for (std::size_t i = 1; i <= Golden::n; ++i) graph.offsets.push_back(i * Golden::k);
  const Affinities p = normalize_weights(graph, team, cancellation);
  std::vector<double> dense(Golden::n * Golden::n, 0.0);
  for (std::size_t i = 0; i < Golden::n; ++i) {
    for (auto e = expected.offsets[i]; e < expected.offsets[i + 1]; ++e) {
      dense[i * Golden::n + expected.columns[e]] = static_cast<double>(expected.values[e]);
    }
  }
  for (std::size_t i = 0; i < Golden::n; ++i) {
    for (auto e = p.offsets[i]; e < p.offsets[i + 1]; ++e) {
      const double value = static_cast<double>(p.values[e]);
      EXPECT_NEAR(value, dense[i * Golden::n + p.columns[e]], 1e-6 * value + 1e-12);
    }
  }
}

TEST(SpectralStart, SeparatesWeaklyJoinedGroupsAndScalesEachAxis) {
  // Three complete groups of 20 points, joined by one light edge each.
  WeightedGraph graph{{0}, {}, {}};
  for (std::uint32_t i = 0; i < 60; ++i) {
    for (std::uint32_t j = 0; j < 60; ++j) {
      if (i == j) continue;
      const bool is_bridge = i % 20 == 0 && j % 20 == 0;
      if (i / 20 != j / 20 && !is_bridge) continue;
      graph.columns.push_back(j);
      graph.weights.push_back(i / 20 == j / 20 ? 1 : 0.1f);
    }
    graph.offsets.push_back(graph.columns.size());
  }
  std::vector<double> first;
  for (const unsigned threads : {1u, 3u}) {
    ThreadTeam team(threads);
    Random random(1);
    const Affinities p = normalize_weights(graph, team, Cancellation());
    const std::vector<double> y = spectral_positions(p, 2, random, team, Cancellation());
    if (first.empty()) first = y;
    EXPECT_EQ(y, first);
    for (std::size_t c = 0; c < 2; ++c) {
      double squares = 0;
      for (std::size_t i = 0; i < 60; ++i) squares += y[2 * i + c] * y[2 * i + c] / 60;
      EXPECT_NEAR(std::sqrt(squares), 1e-4, 1e-9);
    }
    const auto apart = [&](std::size_t i, std::size_t j) {
      return std::hypot(y[2 * i] - y[2 * j], y[2 * i + 1] - y[2 * j + 1]);
    };
    for (std::size_t i = 0; i < 60; ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        EXPECT_EQ(apart(i, j) < 1e-4, i / 20 == j / 20) << i << " " << j;
      }
    }
  }
}

TEST(SpectralStart, KeepsThePartsOfAGraphTogether) {
  // A chain of 40 points and two pairs.
  WeightedGraph graph{{0}, {}, {}};
  for (std::uint32_t i = 0; i < 44; ++i) {
    if (i != 39) {
      graph.columns.push_back(i < 40 ? i + 1 : i ^ 1u);
      graph.weights.push_back(1);
    }
    graph.offsets.push_back(graph.columns.size());
  }
  ThreadTeam team(2);
  Random random(1);
  const Affinities p = normalize_weights(graph, team, Cancellation());
  const std::vector<double> y = spectral_positions(p, 2, random, team, Cancellation());
  for (std::size_t i = 0; i < 44; ++i) EXPECT_GT(std::hypot(y[2 * i], y[2 * i + 1]), 1e-6) << i;
  for (const std::size_t i : {40u, 42u}) {
    EXPECT_EQ(y[2 * i], y[2 * i + 2]);
    EXPECT_EQ(y[2 * i + 1], y[2 * i + 3]);
  }
  // The points of the chain are in order along the first axis.
  for (std::size_t i = 2; i < 40; ++i) EXPECT_EQ(y[2 * i] > y[2 * i - 2], y[2] > y[0]) << i;
}

TEST(Affinities, DoNotDependOnAConstantSigma) {
  const Golden golden;
  Gaussians points = pack_means({nullptr, golden.mu.data()}, Golden::n, Golden::d);
  const std::vector<double> constant(golden.mu.size(), 0.7);
  pack_sigma(points, {nullptr, constant.data()}, 0.01);
  ThreadTeam team(2);
  const Cancellation cancellation;
  const auto rows = [&](const char* name) {
    const auto found = search_exactly(Distance(name, points), Golden::k, team, cancellation, [](double) {});
    return calibrate(found, {Golden::perplexity}, team, cancellation).values;
  };
  const auto plain = rows("euclidean"), aware = rows("inverse-variance");
  for (std::size_t e = 0; e < plain.size(); ++e) EXPECT_NEAR(aware[e], plain[e], 2e-6);
}

double entropy(const float* row, std::size_t k) {
  double sum = 0;
  for (std::size_t j = 0; j < k; ++j) {
    if (row[j] > 0) sum -= static_cast<double>(row[j]) * std::log(static_cast<double>(row[j]));
  }
  return sum;
}

Neighbors of_distances(std::vector<float> squared, std::size_t k) {
  Neighbors neighbors{squared.size() / k, k, std::vector<std::uint32_t>(squared.size()), std::move(squared), 1};
  std::iota(neighbors.indices.begin(), neighbors.indices.end(), 0u);
  return neighbors;
}

TEST(Calibration, ReachesThePerplexityAtEveryScaleOfTheData) {
  Random random(2);
  ThreadTeam team(1);
  for (const double scale : {1e-30, 1e-3, 1.0, 1e6, 1e30}) {
    for (const double spread : {0.01, 1.0, 5.0}) {
      std::vector<float> squared(60);
      for (float& d : squared) d = static_cast<float>(scale * std::exp(spread * random.normal()));
      std::sort(squared.begin(), squared.end());
      const auto rows = calibrate(of_distances(squared, 60), {20}, team, Cancellation());
      EXPECT_NEAR(entropy(rows.values.data(), 60), std::log(20.0), 1e-5) << scale << " " << spread;
    }
  }
}

// A slow reference: bisection for each perplexity in float64, and the average of the rows.
std::vector<double> average_by_bisection(const std::vector<float>& squared, const std::vector<double>& perplexities) {
  std::vector<double> average(squared.size());
  for (const double perplexity : perplexities) {
    std::vector<double> p(squared.size());
    double low = 0, high = 1e6;
    for (int step = 0; step < 200; ++step) {
      const double beta = (low + high) / 2;
      double total = 0, entropy = 0;
      for (std::size_t j = 0; j < p.size(); ++j) {
        p[j] = std::exp(-beta * static_cast<double>(squared[j] - squared[0]));
        total += p[j];
      }
      for (double& value : p) {
        value /= total;
        if (value > 0) entropy -= value * std::log(value);
      }
      (entropy > std::log(perplexity) ? low : high) = beta;
    }
    for (std::size_t j = 0; j < p.size(); ++j) average[j] += p[j] / static_cast<double>(perplexities.size());
  }
  return average;
}

TEST(Calibration, AveragesOverPerplexities) {
  constexpr std::size_t n = 7, k = 90;
  Random random(4);
  ThreadTeam team(2);
  std::vector<float> squared(n * k);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < k; ++j) squared[i * k + j] = static_cast<float>(std::exp(random.normal()));
    std::sort(&squared[i * k], &squared[i * k] + k);
  }
  for (const std::vector<double>& perplexities : {std::vector<double>{30}, {3, 30}, {2, 5.5, 14, 30}}) {
    const auto rows = calibrate(of_distances(squared, k), perplexities, team, Cancellation());
    ASSERT_EQ(rows.precisions.size(), n * perplexities.size());
    for (std::size_t i = 0; i < n; ++i) {
      const auto expected = average_by_bisection({&squared[i * k], &squared[i * k] + k}, perplexities);
      for (std::size_t j = 0; j < k; ++j) EXPECT_NEAR(rows.values[i * k + j], expected[j], 1e-7);
    }
  }
}

TEST(Calibration, GivesEqualDistancesEqualAffinities) {
  ThreadTeam team(1);
  const auto rows = calibrate(of_distances(std::vector<float>(12, 3.0f), 12), {4}, team, Cancellation());
  for (const float p : rows.values) EXPECT_FLOAT_EQ(p, 1.0f / 12);
}

TEST(Calibration, GivesEqualAffinitiesToMoreTiesThanThePerplexity) {
  ThreadTeam team(1);
  std::vector<float> squared(12, 0.0f);
  std::fill(squared.begin() + 6, squared.end(), 1.0f);
  const auto rows = calibrate(of_distances(squared, 12), {4}, team, Cancellation());
  for (std::size_t j = 0; j < 12; ++j) EXPECT_NEAR(rows.values[j], j < 6 ? 1.0 / 6 : 0.0, 1e-6);
}

TEST(Calibration, UsesOnlyTheNearestNeighborForPerplexityOne) {
  ThreadTeam team(1);
  const auto rows = calibrate(of_distances({1.0f, 2.0f, 3.0f}, 3), {1}, team, Cancellation());
  EXPECT_NEAR(rows.values[0], 1.0, 1e-4);
}

// A P with few edges for the requested number of points, and values over nine orders of magnitude.
Affinities make_sparse(std::size_t n, std::uint64_t seed) {
  Random random(seed);
  Affinities p;
  p.offsets.push_back(0);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t e = 0; e < i % 20; ++e) {
      p.columns.push_back(static_cast<std::uint32_t>(random.bits() % n));
      p.values.push_back(static_cast<float>(3e-5 * std::exp2(-29 * random.uniform())));
    }
    p.offsets.push_back(p.columns.size());
  }
  return p;
}

float unpack(std::uint32_t edge, const PackedAffinities& packed) {
  return packed.unit * std::bit_cast<float>(((edge & ~packed.column_mask) >> 4) + (96u << 23));
}

TEST(PackedAffinities, KeepColumnsAndTheFirstDigitsOfP) {
  ThreadTeam team(2);
  for (const std::size_t n : {3, 300, 65536, 65537, 1 << 20}) {
    ASSERT_TRUE(can_pack(n));
    const Affinities p = make_sparse(n, 7);
    const PackedAffinities packed = pack(p, team);
    const double mantissa_bits = 27 - std::max(16.0, std::ceil(std::log2(static_cast<double>(n))));
    for (std::size_t i = 0; i < n; ++i) {
      std::uint64_t at = packed.offsets[i];
      ASSERT_EQ(at % 16, 0u);
      for (std::uint64_t e = p.offsets[i]; e < p.offsets[i + 1]; ++e, ++at) {
        ASSERT_EQ(packed.edges[at] & packed.column_mask, p.columns[e]);
        const double error = static_cast<double>(unpack(packed.edges[at], packed)) / static_cast<double>(p.values[e]);
        ASSERT_NEAR(error, 1, std::exp2(-mantissa_bits - 1) * 1.001) << n;
      }
      for (; at < packed.offsets[i + 1]; ++at) ASSERT_EQ(packed.edges[at] & packed.column_mask, i);
    }
  }
  EXPECT_FALSE(can_pack((1 << 20) + 1));
}

TEST(PackedAffinities, RaiseTooSmallValuesToTheLeastOne) {
  ThreadTeam team(1);
  Affinities p;
  p.offsets = {0, 3};
  p.columns = {0, 0, 0};
  p.values = {1.0f, 1e-30f, 0.0f};
  const PackedAffinities packed = pack(p, team);
  EXPECT_EQ(unpack(packed.edges[0], packed), 1.0f);
  EXPECT_EQ(unpack(packed.edges[1], packed), std::exp2(-30.0f));
  EXPECT_EQ(unpack(packed.edges[2], packed), std::exp2(-30.0f));
}

}  // namespace
}  // namespace sigma
