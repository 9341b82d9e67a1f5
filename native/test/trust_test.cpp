#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "embedding/run.hpp"
#include "support/random.hpp"
#include "trust/perturbation.hpp"
#include "trust/reliability.hpp"
#include "trust/singularity.hpp"

namespace sigma {
namespace {

const auto no_report = [](double) {};
const OnProgress ignore = [](const Progress&) {};

std::vector<double> gaussian(std::size_t n, std::size_t d, std::uint64_t seed) {
  Random random(seed);
  std::vector<double> values(n * d);
  for (double& value : values) value = random.normal();
  return values;
}

// A dense P of random affinities with a zero diagonal, normalized to the sum 1.
Affinities random_affinities(std::size_t n, std::uint64_t seed) {
  Random random(seed);
  std::vector<double> p(n * n, 0.0);
  double total = 0;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      p[i * n + j] = p[j * n + i] = random.uniform();
      total += 2 * p[i * n + j];
    }
  }
  Affinities affinities;
  affinities.offsets.push_back(0);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      if (j == i) continue;
      affinities.columns.push_back(static_cast<std::uint32_t>(j));
      affinities.values.push_back(static_cast<float>(p[i * n + j] / total));
    }
    affinities.offsets.push_back(affinities.columns.size());
  }
  return affinities;
}

// n / 2 times the KL divergence without its constant, by its definition.
double half_cost(const Affinities& p, const std::vector<double>& y, std::size_t columns, double alpha,
                 double exaggeration) {
  const std::size_t n = p.count();
  double energy = 0, z = 0;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::uint64_t e = p.offsets[i]; e < p.offsets[i + 1]; ++e) {
      double squared = 0;
      for (std::size_t d = 0; d < columns; ++d)
        squared += std::pow(y[i * columns + d] - y[p.columns[e] * columns + d], 2);
      const double logarithm = -alpha * std::log(1 + squared / alpha);
      energy -= exaggeration * static_cast<double>(p.values[e]) * logarithm;
      z += std::exp(logarithm);
    }
  }
  return static_cast<double>(n) / 2 * (energy + std::log(z));
}

struct SingularityCase {
  int dimensions;
  double alpha, exaggeration;
};

class EverySingularity : public testing::TestWithParam<SingularityCase> {};
INSTANTIATE_TEST_SUITE_P(, EverySingularity,
                         testing::Values(SingularityCase{1, 1, 1}, SingularityCase{2, 1, 1}, SingularityCase{3, 1, 1},
                                         SingularityCase{2, 0.5, 1}, SingularityCase{3, 4, 2}));

TEST_P(EverySingularity, AgreesWithFiniteDifferencesOfTheCost) {
  const auto [dimensions, alpha, exaggeration] = GetParam();
  constexpr std::size_t n = 24;
  const auto columns = static_cast<std::size_t>(dimensions);
  const std::size_t stride = stride_of(dimensions), entries = columns * (columns + 1) / 2;
  const Affinities p = random_affinities(n, 1);
  std::vector<double> y = gaussian(n, columns, 2);
  std::vector<float> positions(n * stride, 0.0f);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t d = 0; d < columns; ++d) {
      positions[i * stride + d] = static_cast<float>(y[i * columns + d]);
      y[i * columns + d] = static_cast<double>(positions[i * stride + d]);
    }
  }
  ThreadTeam team(2);
  const Singularity measured =
      measure_singularity(p, {dimensions, positions.data(), alpha, exaggeration}, nullptr, team, Cancellation());
  constexpr double h = 1e-4;
  for (std::size_t i = 0; i < n; ++i) {
    std::size_t entry = 0;
    for (std::size_t a = 0; a < columns; ++a) {
      for (std::size_t b = a; b < columns; ++b, ++entry) {
        double second = 0;
        for (const double sa : {-1.0, 1.0}) {
          for (const double sb : {-1.0, 1.0}) {
            std::vector<double> moved = y;
            moved[i * columns + a] += sa * h;
            moved[i * columns + b] += sb * h;
            second += sa * sb * half_cost(p, moved, columns, alpha, exaggeration);
          }
        }
        EXPECT_NEAR(measured.hessians[i * entries + entry], second / (4 * h * h), 2e-5);
      }
    }
  }
}

// A finished embedding of three groups, and the objects needed to place points into it.
struct Fitted {
  static constexpr std::size_t n = 300, d = 6;
  std::vector<double> data = gaussian(n, d, 3);
  Options options{.perplexities = {20}, .iterations = 400, .threads = 2};
  std::unique_ptr<Run> run;
  std::unique_ptr<FittedEmbedding> embedding;

  Fitted() {
    for (std::size_t i = 0; i < n; ++i) data[i * d + i % 3] += 6;
    // The first point lies between two of the groups.
    for (std::size_t c = 0; c < d; ++c) data[c] = c < 2 ? 3 : 0;
    options.learning_rate = options.final_learning_rate = 100;
    run = std::make_unique<Run>(pack_means({nullptr, data.data()}, n, d), options);
    run->advance(options.iterations, ignore);
    embedding = std::make_unique<FittedEmbedding>(run->points(), options.distance, 2, run->embedding(), 0.2, 0,
                                                  run->team(), run->cancellation());
  }
};

TEST(Singularity, FromTheMeshIsCloseToTheSumOverAllPairs) {
  const Fitted fitted;
  const EmbeddingView view{2, fitted.run->positions().data(), 1, 1};
  const Cancellation cancellation;
  const Singularity exact =
      measure_singularity(fitted.run->affinities(), view, nullptr, fitted.run->team(), cancellation);
  const Singularity read =
      measure_singularity(fitted.run->affinities(), view, &fitted.embedding->field(), fitted.run->team(), cancellation);
  EXPECT_TRUE(exact.is_exact);
  EXPECT_FALSE(read.is_exact);
  double largest = 0;
  for (const double entry : exact.hessians) largest = std::max(largest, std::abs(entry));
  for (std::size_t e = 0; e < exact.hessians.size(); ++e) {
    EXPECT_NEAR(read.hessians[e], exact.hessians[e], 0.02 * largest);
  }
}

TEST(Perturbation, HardlyChangesThePositionOfAPointThatHardlyMoves) {
  const Fitted fitted;
  const PerturbationOptions options{.length = 1e-4, .perplexities = {20}};
  const Perturbation measured =
      measure_perturbation(*fitted.embedding, options, fitted.run->team(), fitted.run->cancellation(), no_report);
  std::vector<float> sorted = measured.scores;
  std::sort(sorted.begin(), sorted.end());
  EXPECT_EQ(measured.length, 1e-4);
  EXPECT_EQ(measured.directions, 3u);
  EXPECT_LT(sorted[Fitted::n / 2], 0.1f);
}

TEST(Perturbation, IsLargestForAPointBetweenTwoGroups) {
  const Fitted fitted;
  const PerturbationOptions options{.perplexities = {20}};
  const Perturbation measured =
      measure_perturbation(*fitted.embedding, options, fitted.run->team(), fitted.run->cancellation(), no_report);
  const auto above = std::count_if(measured.scores.begin(), measured.scores.end(),
                                   [&](float score) { return score > measured.scores[0]; });
  EXPECT_LT(above, 15);
  ThreadTeam one(1);
  EXPECT_EQ(measured.scores,
            measure_perturbation(*fitted.embedding, options, one, fitted.run->cancellation(), no_report).scores);
}

TEST(Reliability, IsOneIfTheEmbeddingEqualsTheData) {
  constexpr std::size_t n = 200;
  const std::vector<double> data = gaussian(n, 2, 4);
  const Gaussians points = pack_means({nullptr, data.data()}, n, 2);
  const std::vector<float> embedding(data.begin(), data.end());
  ThreadTeam team(2);
  for (const double score :
       correlate_ordered_distances(points, "euclidean", embedding, 2, 1, team, Cancellation(), no_report)) {
    EXPECT_NEAR(score, 1, 1e-5);
  }
}

// The reference sorts all distances of one point in float64.
TEST(Reliability, EqualsTheCorrelationOfSortedDistances) {
  constexpr std::size_t n = 101, d = 4, half = 50;
  const std::vector<double> data = gaussian(n, d, 5), other = gaussian(n, 2, 6);
  const std::vector<float> embedding(other.begin(), other.end());
  ThreadTeam team(2);
  const std::vector<double> scores = correlate_ordered_distances(pack_means({nullptr, data.data()}, n, d), "euclidean",
                                                                 embedding, 2, 1, team, Cancellation(), no_report);
  const auto distance = [](const auto& values, std::size_t columns, std::size_t i, std::size_t j) {
    double squared = 0;
    for (std::size_t c = 0; c < columns; ++c) {
      squared +=
          std::pow(static_cast<double>(values[i * columns + c]) - static_cast<double>(values[j * columns + c]), 2);
    }
    return std::sqrt(squared);
  };
  for (std::size_t i = 0; i < n; ++i) {
    std::vector<std::pair<double, double>> both;
    std::vector<double> sorted;
    for (std::size_t j = 0; j < n; ++j) {
      if (j == i) continue;
      both.push_back({distance(data, d, i, j), distance(embedding, 2, i, j)});
      sorted.push_back(both.back().second);
    }
    std::sort(both.begin(), both.end());
    std::sort(sorted.begin(), sorted.end());
    double x = 0, y = 0, xx = 0, yy = 0, xy = 0;
    for (std::size_t e = 0; e < half; ++e) {
      x += both[e].second / half;
      y += sorted[e] / half;
    }
    for (std::size_t e = 0; e < half; ++e) {
      xx += (both[e].second - x) * (both[e].second - x);
      yy += (sorted[e] - y) * (sorted[e] - y);
      xy += (both[e].second - x) * (sorted[e] - y);
    }
    EXPECT_NEAR(scores[i], xy / std::sqrt(xx * yy), 1e-5);
  }
}

TEST(Reliability, PermutesEachColumnByItself) {
  constexpr std::size_t n = 50, d = 3;
  const std::vector<double> data = gaussian(n, d, 7);
  const Gaussians points = pack_means({nullptr, data.data()}, n, d), permuted = permute_columns(points, 1);
  for (std::size_t c = 0; c < d; ++c) {
    std::vector<float> before(n), after(n);
    for (std::size_t i = 0; i < n; ++i) {
      before[i] = points.means.at(i, c);
      after[i] = permuted.means.at(i, c);
    }
    EXPECT_NE(before, after);
    std::sort(before.begin(), before.end());
    std::sort(after.begin(), after.end());
    EXPECT_EQ(before, after);
  }
}

}  // namespace
}  // namespace sigma
