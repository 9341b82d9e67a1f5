#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "affinity/perplexity.hpp"
#include "embedding/placement.hpp"
#include "embedding/placement_kernels.hpp"
#include "embedding/position_uncertainty.hpp"
#include "embedding/run.hpp"
#include "golden.hpp"
#include "repulsion/field.hpp"

namespace sigma {
namespace {

using test::Golden;

const OnProgress ignore = [](const Progress&) {};
const auto no_report = [](double) {};
const auto no_count = [](std::size_t) {};

Frame frame_of(const Gaussians& points) {
  return {points.center, points.scale, points.sigma_scale, {}, 0};
}

// The first 200 golden points are fitted. The other 100 are new.
struct Split {
  static constexpr std::size_t n = 200, m = 100, d = Golden::d;
  Golden golden;
  Gaussians points = pack_means({nullptr, golden.mu.data()}, n, d);
  Gaussians queries;
  ThreadTeam team{2};
  Cancellation cancellation;

  explicit Split(double offset = 0) {
    pack_sigma(points, {nullptr, golden.sigma.data()}, Golden::floor);
    test::add_test_spread(points);
    for (double& x : golden.mu) x += offset;
    queries = pack_queries({nullptr, &golden.mu[n * d]}, m, frame_of(points), team);
    pack_query_sigma(queries, {nullptr, &golden.sigma[n * d]}, frame_of(points));
  }
  std::vector<std::uint32_t> nobody() const { return std::vector<std::uint32_t>(m, QuerySearch::kNone); }
};

class EveryQueryDistance : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(, EveryQueryDistance,
                         testing::Values("euclidean", "inverse-variance", "expected", "wasserstein", "mahalanobis",
                                         "mahalanobis-logdet", "bhattacharyya", "jeffreys", "cosine", "correlation",
                                         "manhattan"),
                         [](const auto& info) {
                           std::string name = info.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

// The reference packs fitted and new points together in the frame of the fitted points, and compares pairs in float64.
TEST_P(EveryQueryDistance, FindsTheSameNeighborsAsComparingAllPairs) {
  Split split;
  const QuerySearch search(GetParam(), split.points, split.team, split.cancellation);
  const Neighbors found = search.search(split.queries, split.nobody(), 15, split.team, split.cancellation, no_count);
  Gaussians both =
      pack_queries({nullptr, split.golden.mu.data()}, Split::n + Split::m, frame_of(split.points), split.team);
  pack_query_sigma(both, {nullptr, split.golden.sigma.data()}, frame_of(split.points));
  both.coordinate_spread = split.points.coordinate_spread;
  const Distance distance(GetParam(), both, Golden::floor);
  for (std::size_t q = 0; q < Split::m; ++q) {
    std::vector<double> all(Split::n);
    for (std::size_t i = 0; i < Split::n; ++i) all[i] = distance.squared(Split::n + q, i);
    std::vector<double> sorted = all;
    std::sort(sorted.begin(), sorted.end());
    const double slack = distance.traits().may_be_negative ? 1e-4 : 0;
    for (std::size_t e = 0; e < 15; ++e) {
      EXPECT_NEAR(all[found.indices[15 * q + e]], sorted[e], 1e-5 * (1e-3 + std::abs(sorted[e])) + slack);
      // The unit of the distances and a constant summand may differ, because calibration does not depend on them.
      const float* squared = &found.squared[15 * q];
      const double share = static_cast<double>((squared[e] - squared[0]) / (squared[14] - squared[0]));
      EXPECT_NEAR(share, (sorted[e] - sorted[0]) / (sorted[14] - sorted[0]), 1e-3);
    }
  }
}

TEST(QuerySearch, ExcludesTheOwnPoint) {
  Split split;
  const QuerySearch search("euclidean", split.points, split.team, split.cancellation);
  std::vector<std::uint32_t> own(Split::n);
  std::iota(own.begin(), own.end(), 0u);
  const Neighbors others = search.search(split.points, own, 5, split.team, split.cancellation, no_count);
  for (std::size_t e = 0; e < others.indices.size(); ++e) EXPECT_NE(others.indices[e], e / 5);
}

TEST(QuerySearch, TreatsAllPointsAsEquallyFarFromAQueryWithoutDirection) {
  Split split;
  const std::vector<double> zero(Split::d, 0.0);
  const Gaussians query = pack_queries({nullptr, zero.data()}, 1, frame_of(split.points), split.team);
  const std::vector<std::uint32_t> own{QuerySearch::kNone};
  const QuerySearch search("cosine", split.points, split.team, split.cancellation);
  const Neighbors found = search.search(query, own, 5, split.team, split.cancellation, no_count);
  for (std::size_t e = 0; e < 5; ++e) {
    EXPECT_EQ(found.indices[e], e);
    EXPECT_EQ(found.squared[e], found.squared[0]);
  }
}

std::vector<float> scattered(int dimensions, std::size_t n, double width, std::uint64_t seed) {
  Random random(seed);
  std::vector<float> embedding(n * static_cast<std::size_t>(dimensions));
  for (float& x : embedding) x = static_cast<float>(width * random.normal());
  return embedding;
}

// The sum of w and the force at y by their definitions.
double exact_field(int dimensions, const std::vector<float>& embedding, const float* y, double* force) {
  const auto columns = static_cast<std::size_t>(dimensions);
  double z = 0;
  std::fill_n(force, 3, 0.0);
  for (std::size_t i = 0; i < embedding.size() / columns; ++i) {
    double squared = 1;
    for (std::size_t d = 0; d < columns; ++d)
      squared += std::pow(static_cast<double>(y[d] - embedding[i * columns + d]), 2);
    z += 1 / squared;
    for (std::size_t d = 0; d < columns; ++d) {
      force[d] += static_cast<double>(y[d] - embedding[i * columns + d]) / (squared * squared);
    }
  }
  return z;
}

class FieldInDimensions : public testing::TestWithParam<std::pair<int, std::size_t>> {};
INSTANTIATE_TEST_SUITE_P(, FieldInDimensions,
                         testing::Values(std::pair{1, 2000}, std::pair{2, 1000}, std::pair{2, 6000},
                                         std::pair{3, 2000}));

TEST_P(FieldInDimensions, IsTheSumOverAllPoints) {
  const auto [dimensions, n] = GetParam();
  const auto columns = static_cast<std::size_t>(dimensions), stride = stride_of(dimensions);
  const std::vector<float> embedding = scattered(dimensions, n, 12, 3);
  std::vector<float> positions(n * stride);
  for (std::size_t i = 0; i < n; ++i) std::copy_n(&embedding[i * columns], columns, &positions[i * stride]);
  const float low[3] = {-80, -80, -80}, high[3] = {80, 80, 80};
  ThreadTeam team(2);
  const auto field = make_field(dimensions, positions.data(), n, low, high, 0.4, 0.5, team);
  Random random(4);
  WalkScratch scratch;
  double error = 0, size = 0;
  for (int q = 0; q < 200; ++q) {
    float y[3] = {}, force[3];
    for (std::size_t d = 0; d < columns; ++d) y[d] = static_cast<float>(15 * random.normal());
    double expected[3];
    const double z = exact_field(dimensions, embedding, y, expected);
    EXPECT_NEAR(field->at(y, force, scratch), z, 1e-2 * z);
    for (std::size_t d = 0; d < columns; ++d) {
      error += std::pow(static_cast<double>(force[d]) - expected[d], 2);
      size += expected[d] * expected[d];
    }
  }
  EXPECT_LT(std::sqrt(error / size), 0.03);
}

std::vector<const PlacementKernels*> every_table() {
  std::vector<const PlacementKernels*> tables{&baseline::placement_kernels()};
#ifdef SIGMA_X86_64
  if (active_isa() >= Isa::avx2) tables.push_back(&avx2::placement_kernels());
  if (active_isa() >= Isa::avx512) tables.push_back(&avx512::placement_kernels());
#endif
  return tables;
}

TEST(PlacementKernels, AgreeWithTheFormulasOfTheAttraction) {
  constexpr std::size_t k = 21, padded = 32;
  Random random(5);
  for (const int dimensions : {1, 2, 3}) {
    AlignedVector<float> coordinates[3], p(padded, 0.0f);
    for (auto& axis : coordinates) axis.assign(padded, 0.0f);
    float y[3];
    for (int d = 0; d < dimensions; ++d) {
      y[d] = static_cast<float>(random.normal());
      for (std::size_t j = 0; j < k; ++j) coordinates[d][j] = static_cast<float>(4 * random.normal());
    }
    for (std::size_t j = 0; j < k; ++j) p[j] = static_cast<float>(random.uniform());
    double pull[3] = {}, stiffness = 0, energy = 0;
    for (std::size_t j = 0; j < k; ++j) {
      double squared = 1;
      for (int d = 0; d < dimensions; ++d) squared += std::pow(static_cast<double>(y[d] - coordinates[d][j]), 2);
      const double factor = static_cast<double>(p[j]) / squared;
      stiffness += factor;
      energy += static_cast<double>(p[j]) * std::log(squared);
      for (int d = 0; d < dimensions; ++d) pull[d] += factor * static_cast<double>(y[d] - coordinates[d][j]);
    }
    const PlacementNeighbors view{
        {coordinates[0].data(), coordinates[1].data(), coordinates[2].data()}, p.data(), padded};
    for (const PlacementKernels* table : every_table()) {
      const Attraction found = table->attract(dimensions, view, y);
      EXPECT_NEAR(static_cast<double>(found.stiffness), stiffness, 1e-5 * stiffness);
      EXPECT_NEAR(static_cast<double>(found.energy), energy, 1e-5 * energy);
      for (int d = 0; d < dimensions; ++d)
        EXPECT_NEAR(static_cast<double>(found.pull[d]), pull[d], 1e-5 * stiffness * 10);
    }
  }
}

std::vector<float> embedding_of(Gaussians points, int dimensions, Options options = {}) {
  options.perplexities = {10};
  options.output_dimensions = dimensions;
  options.iterations = 300;
  options.early_exaggeration_iterations = 100;
  options.learning_rate = options.final_learning_rate = 50;
  sigma::Run run(std::move(points), options);
  run.advance(options.iterations, ignore);
  return run.embedding();
}

class PlacementInDimensions : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(, PlacementInDimensions, testing::Values(1, 2, 3));

// Computes KL(P_i || Q_i) by its definition, with P_i from the search and the calibration.
TEST_P(PlacementInDimensions, EndsAtAPositionWithoutBetterPositionsNearby) {
  Split split;
  const int dimensions = GetParam();
  const auto columns = static_cast<std::size_t>(dimensions);
  const std::vector<float> embedding = embedding_of(split.points, dimensions);
  // With theta 0 the walk visits every point, so the field of the embedding is exact.
  const FittedEmbedding fitted(split.points, "inverse-variance", dimensions, embedding, 0.4, 0, split.team,
                               split.cancellation);
  const PlacementOptions options{{10}, 500};
  const Placed start = fitted.place(split.queries, {{10}, 0}, split.cancellation, no_report);
  const Placed end = fitted.place(split.queries, options, split.cancellation, no_report);
  const QuerySearch search("inverse-variance", split.points, split.team, split.cancellation);
  const Neighbors neighbors =
      search.search(split.queries, split.nobody(), 30, split.team, split.cancellation, no_count);
  const ConditionalAffinities affinities = calibrate(neighbors, {10}, split.team, split.cancellation);
  const auto kl = [&](std::size_t q, const float* y) {
    double ignored[3];
    const double z = exact_field(dimensions, embedding, y, ignored);
    double sum = 0;
    for (std::size_t j = 0; j < 30; ++j) {
      const auto p = static_cast<double>(affinities.values[30 * q + j]);
      double squared = 1;
      for (std::size_t d = 0; d < columns; ++d) {
        squared += std::pow(static_cast<double>(y[d] - embedding[neighbors.indices[30 * q + j] * columns + d]), 2);
      }
      if (p > 0) sum += p * std::log(p * squared * z);
    }
    return sum;
  };
  std::size_t stayed = 0;
  for (std::size_t q = 0; q < Split::m; ++q) {
    const double reached = kl(q, &end.positions[q * columns]);
    EXPECT_NEAR(static_cast<double>(end.divergences[q]), reached, 1e-3);
    EXPECT_LE(reached, kl(q, &start.positions[q * columns]) + 1e-4);
    if (std::equal(&start.positions[q * columns], &start.positions[(q + 1) * columns], &end.positions[q * columns])) {
      // From here, the descent would move the point to infinity.
      ++stayed;
      continue;
    }
    for (std::size_t d = 0; d < columns; ++d) {
      for (const float nudge : {-0.2f, 0.2f}) {
        float y[3] = {};
        std::copy_n(&end.positions[q * columns], columns, y);
        y[d] += nudge;
        EXPECT_GT(kl(q, y), reached - 2e-3);
      }
    }
  }
  EXPECT_LE(stayed, Split::m / 50);
}

TEST_P(PlacementInDimensions, GivesTheSameBitsInAnyBatchAndForAnyNumberOfThreads) {
  Split split;
  const int dimensions = GetParam();
  const auto columns = static_cast<std::size_t>(dimensions);
  const std::vector<float> embedding = embedding_of(split.points, dimensions);
  const FittedEmbedding fitted(split.points, "inverse-variance", dimensions, embedding, 0.4, 0.5, split.team,
                               split.cancellation);
  const Placed whole = fitted.place(split.queries, {{10}, 100}, split.cancellation, no_report);
  ThreadTeam five(5);
  const FittedEmbedding again(split.points, "inverse-variance", dimensions, embedding, 0.4, 0.5, five,
                              split.cancellation);
  EXPECT_EQ(again.place(split.queries, {{10}, 100}, split.cancellation, no_report).positions, whole.positions);
  for (std::size_t q = 0; q < Split::m; q += 9) {
    Gaussians one =
        pack_queries({nullptr, &split.golden.mu[(Split::n + q) * Split::d]}, 1, frame_of(split.points), split.team);
    pack_query_sigma(one, {nullptr, &split.golden.sigma[(Split::n + q) * Split::d]}, frame_of(split.points));
    const Placed alone = again.place(one, {{10}, 100}, split.cancellation, no_report);
    for (std::size_t d = 0; d < columns; ++d) EXPECT_EQ(alone.positions[d], whole.positions[q * columns + d]);
    EXPECT_EQ(alone.divergences[0], whole.divergences[q]);
  }
}

TEST(Placement, KeepsOutlyingPointsNextToTheEmbedding) {
  for (const double offset : {1e3, 1e30, 1e300}) {
    Split split(offset);
    const std::vector<float> embedding = embedding_of(split.points, 2);
    const float reach = std::abs(*std::max_element(embedding.begin(), embedding.end(),
                                                   [](float a, float b) { return std::abs(a) < std::abs(b); }));
    for (const char* distance :
         {"euclidean", "inverse-variance", "jeffreys", "bhattacharyya", "wasserstein", "cosine"}) {
      const FittedEmbedding fitted(split.points, distance, 2, embedding, 0.4, 0.5, split.team, split.cancellation);
      for (const float x : fitted.place(split.queries, {{10}, 100}, split.cancellation, no_report).positions) {
        EXPECT_LE(std::abs(x), 1.2f * reach + 1);
      }
    }
  }
}

TEST(Placement, StopsWhenCanceled) {
  Split split;
  const std::vector<float> embedding = scattered(2, Split::n, 10, 6);
  FittedEmbedding fitted(split.points, "euclidean", 2, embedding, 0.4, 0.5, split.team, split.cancellation);
  const UncertaintyOptions options{8, 10, 7, {{10}, 100}};
  Cancellation cancellation;
  const auto cancel = [&](double) { cancellation.request(); };
  EXPECT_THROW(fitted.place(split.queries, options.placement, cancellation, cancel), Canceled);
  EXPECT_THROW(measure_uncertainty(fitted, std::vector<std::uint32_t>{0, 1}, options, split.team, cancellation, cancel),
               Canceled);
}

TEST(Placement, ReducesQueriesToThePrincipalComponentsOfTheRun) {
  const Golden golden;
  Options options;
  options.perplexities = {10};
  options.pca_components = 5;
  sigma::Run run(pack_means({nullptr, golden.mu.data()}, Golden::n, Golden::d), options);
  run.advance(0, ignore);
  ThreadTeam team(2);
  const Gaussians queries = pack_queries({nullptr, golden.mu.data()}, Golden::n, run.frame(), team);
  ASSERT_EQ(queries.input_dimensions(), 5u);
  for (std::size_t i = 0; i < Golden::n; ++i) {
    for (std::size_t k = 0; k < 5; ++k) EXPECT_NEAR(queries.means.at(i, k), run.points().means.at(i, k), 1e-6f);
  }
}

TEST(RunState, LetsARestoredRunContinueToTheSameBits) {
  const Golden golden;
  for (const int dimensions : {1, 2, 3}) {
    Options options;
    options.perplexities = {10};
    options.output_dimensions = dimensions;
    options.degrees_of_freedom = dimensions == 2 ? 0.7 : 1;
    options.early_exaggeration_iterations = 60;
    sigma::Run whole(golden.points(), options);
    whole.advance(90, ignore);
    RunState state{whole.points(),    whole.frame(),     whole.order(),      whole.positions(),
                   whole.optimizer(), whole.iteration(), whole.recorded_kl()};
    whole.advance(200, ignore);
    sigma::Run restored(std::move(state), options);
    EXPECT_EQ(restored.iteration(), 90u);
    restored.advance(200, ignore);
    EXPECT_EQ(restored.embedding(), whole.embedding());
    EXPECT_EQ(restored.kl(), whole.kl());
  }
}

TEST(PositionUncertainty, OfAPointDependsOnlyOnTheSeedAndThePoint) {
  Split split;
  const std::vector<float> embedding = embedding_of(split.points, 2);
  FittedEmbedding fitted(split.points, "inverse-variance", 2, embedding, 0.4, 0.5, split.team, split.cancellation);
  const UncertaintyOptions options{8, 10, 7, {{10}, 100}};
  std::vector<std::uint32_t> all(Split::n);
  std::iota(all.begin(), all.end(), 0u);
  const auto measure = [&](const std::vector<std::uint32_t>& rows, const UncertaintyOptions& how) {
    return measure_uncertainty(fitted, rows, how, split.team, split.cancellation, no_report);
  };
  const PositionUncertainty whole = measure(all, options);
  const PositionUncertainty two = measure({150, 3}, options);
  EXPECT_EQ(two.displacements[0], whole.displacements[150]);
  EXPECT_EQ(two.covariances[5], whole.covariances[3 * 3 + 2]);
  EXPECT_EQ(two.shares[1], whole.shares[3]);
  UncertaintyOptions other = options;
  other.seed = 8;
  EXPECT_NE(measure({150, 3}, other).displacements, two.displacements);
  EXPECT_TRUE(measure({}, options).displacements.empty());
}

TEST(PositionUncertainty, OfANewPointDependsOnlyOnTheSeedAndItsNumbers) {
  Split split;
  const std::vector<float> embedding = embedding_of(split.points, 2);
  FittedEmbedding fitted(split.points, "inverse-variance", 2, embedding, 0.4, 0.5, split.team, split.cancellation);
  const UncertaintyOptions options{8, 10, 7, {{10}, 100}};
  const auto measure = [&](const Gaussians& queries, const UncertaintyOptions& how) {
    const Placed placed = fitted.place(queries, how.placement, split.cancellation, no_report);
    return measure_uncertainty(fitted, queries, placed.positions, how, split.team, split.cancellation, no_report);
  };
  const std::size_t count = split.queries.count();
  Gaussians reversed = split.queries;
  for (std::size_t r = 0; r < count; ++r) {
    for (std::size_t k = 0; k < Split::d; ++k) {
      reversed.means.at(r, k) = split.queries.means.at(count - 1 - r, k);
      reversed.deviations.at(r, k) = split.queries.deviations.at(count - 1 - r, k);
    }
  }
  const PositionUncertainty whole = measure(split.queries, options), back = measure(reversed, options);
  for (std::size_t r = 0; r < count; ++r) {
    EXPECT_EQ(back.displacements[r], whole.displacements[count - 1 - r]);
    EXPECT_EQ(back.covariances[3 * r + 1], whole.covariances[3 * (count - 1 - r) + 1]);
    EXPECT_EQ(back.shares[r], whole.shares[count - 1 - r]);
  }
  UncertaintyOptions other = options;
  other.seed = 8;
  EXPECT_NE(measure(split.queries, other).displacements, whole.displacements);
}

// Draws of a point without noise must all get the same position.
TEST(PositionUncertainty, IsZeroForPointsWithoutNoise) {
  Split split;
  const std::vector<double> none(Split::n * Split::d, 0.0);
  pack_sigma(split.points, {nullptr, none.data()}, Golden::floor);
  const std::vector<float> embedding = embedding_of(split.points, 2);
  FittedEmbedding fitted(split.points, "inverse-variance", 2, embedding, 0.4, 0.5, split.team, split.cancellation);
  const std::vector<std::uint32_t> rows{0, 17, 199};
  const PositionUncertainty found =
      measure_uncertainty(fitted, rows, {5, 10, 1, {{10}, 100}}, split.team, split.cancellation, no_report);
  // All draws are at their mean, which may differ from the position of the point.
  for (std::size_t r = 0; r < rows.size(); ++r) {
    const float x = found.means[2 * r] - embedding[2 * rows[r]],
                y = found.means[2 * r + 1] - embedding[2 * rows[r] + 1];
    EXPECT_NEAR(found.covariances[3 * r], x * x, 1e-5f);
    EXPECT_NEAR(found.covariances[3 * r + 1], x * y, 1e-5f);
    EXPECT_NEAR(found.covariances[3 * r + 2], y * y, 1e-5f);
  }
  for (const float share : found.shares) EXPECT_TRUE(share == 0.0f || share == 1.0f);
}

}  // namespace
}  // namespace sigma
