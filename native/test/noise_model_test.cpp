#include <gtest/gtest.h>

#include <array>

#include "golden.hpp"
#include "neighbors/noise_model.hpp"
#include "support/random.hpp"

namespace sigma {
namespace {

using test::Golden;

// From a float64 implementation of the same formulas in numpy, for the golden points.
constexpr std::array<double, Golden::d> kMean{-0.1025375, 0.5085339, -0.6483042, -1.216465, -0.7961657, -0.3869987,
                                              -1.116983,  0.6067469, -1.083876,  -1.10345,  1.097162,   -1.084313};
constexpr std::array<double, Golden::d> kVariance{0.5340998, 3.717444, 3.449455, 1.962351, 1.177772, 1.112848,
                                                  4.094841,  3.365358, 4.699284, 2.04381,  2.833849, 3.118377};
constexpr std::array<double, Golden::d> kNeighborVariance{0.08427977, 0.107591,  0.1072307, 0.08904087,
                                                          0.1052865,  0.1103524, 0.1003026, 0.1005538,
                                                          0.1224181,  0.1179791, 0.1014806, 0.09491349};
constexpr double kFloor = 0.2069048;

NoiseModel estimate(const Gaussians& points, unsigned threads = 2) {
  ThreadTeam team(threads);
  return estimate_noise_model(points, team, Cancellation());
}

TEST(GoldenNoiseModel, MatchesTheFloat64Reference) {
  const Golden golden;
  const Gaussians points = golden.points();
  const NoiseModel model = estimate(points);
  const double unit = points.scale * points.scale;
  for (std::size_t k = 0; k < Golden::d; ++k) {
    EXPECT_NEAR(model.mean[k] * points.scale + points.center[k], kMean[k], 1e-5);
    EXPECT_NEAR(model.variance[k] * unit, kVariance[k], 1e-4 * kVariance[k]);
    EXPECT_NEAR(model.neighbor_variance[k] * unit, kNeighborVariance[k], 1e-3 * kNeighborVariance[k]);
  }
  EXPECT_NEAR(suggest_variance_floor(model, points.scale), kFloor, 1e-3 * kFloor);
}

TEST(GoldenNoiseModel, FollowsTheUnitsOfTheData) {
  Golden golden;
  const double floor = suggest_variance_floor(estimate(golden.points()), golden.points().scale);
  for (double& value : golden.mu) value *= 0.01;
  for (double& value : golden.sigma) value *= 0.01;
  const double scaled = suggest_variance_floor(estimate(golden.points()), golden.points().scale);
  EXPECT_NEAR(scaled, 1e-4 * floor, 1e-9 * floor);
}

TEST(GoldenNoiseModel, DoesNotDependOnTheNumberOfThreads) {
  const Golden golden;
  const NoiseModel one = estimate(golden.points(), 1), three = estimate(golden.points(), 3);
  EXPECT_EQ(one.variance, three.variance);
  EXPECT_EQ(one.neighbor_variance, three.neighbor_variance);
}

TEST(NoiseModel, FindsTheVarianceOfNeighborsBehindTheNoise) {
  // Groups of 16 points, each 0.1 wide, at centers that are 3 apart; every value has a noise of its own.
  constexpr std::size_t n = 1600, d = 4;
  Random random(7);
  std::vector<double> mu(n * d), sigma(n * d);
  for (std::size_t group = 0; group < n / 16; ++group) {
    double center[d];
    for (double& c : center) c = 3 * random.normal();
    for (std::size_t i = group * 16; i < (group + 1) * 16; ++i) {
      for (std::size_t k = 0; k < d; ++k) {
        sigma[i * d + k] = 0.05 + 0.4 * random.uniform();
        mu[i * d + k] = center[k] + 0.1 * random.normal() + sigma[i * d + k] * random.normal();
      }
    }
  }
  Gaussians points = pack_means({nullptr, mu.data()}, n, d);
  pack_sigma(points, {nullptr, sigma.data()}, 0.01);
  const NoiseModel model = estimate(points);
  const double unit = points.scale * points.scale;
  for (std::size_t k = 0; k < d; ++k) {
    EXPECT_NEAR(model.variance[k] * unit, 9, 3);
    // Half the mean squared difference of two points of one group.
    EXPECT_GT(model.neighbor_variance[k] * unit, 0.005);
    EXPECT_LT(model.neighbor_variance[k] * unit, 0.05);
  }
}

}  // namespace
}  // namespace sigma
