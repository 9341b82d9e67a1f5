#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <stdexcept>
#include <string_view>

#include "golden.hpp"
#include "neighbors/distance.hpp"
#include "neighbors/noise_model.hpp"
#include "support/random.hpp"

namespace sigma {
namespace {

using test::Golden;

// Results for the golden points from a float64 implementation of the same formulas in numpy.
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

double floor_of(const Gaussians& points, std::string_view distance = "inverse-variance") {
  return suggest_variance_floor(estimate(points), traits_of(distance), points.scale);
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
  EXPECT_NEAR(suggest_variance_floor(model, traits_of("inverse-variance"), points.scale), kFloor, 1e-3 * kFloor);
}

TEST(GoldenNoiseModel, FollowsTheUnitsOfTheData) {
  Golden golden;
  const double floor = floor_of(golden.points());
  for (double& value : golden.mu) value *= 0.01;
  for (double& value : golden.sigma) value *= 0.01;
  const double scaled = floor_of(golden.points());
  EXPECT_NEAR(scaled, 1e-4 * floor, 1e-9 * floor);
}

TEST(GoldenNoiseModel, DoesNotDependOnTheNumberOfThreads) {
  const Golden golden;
  const NoiseModel one = estimate(golden.points(), 1), three = estimate(golden.points(), 3);
  EXPECT_EQ(one.variance, three.variance);
  EXPECT_EQ(one.neighbor_variance, three.neighbor_variance);
}

TEST(NoiseModel, FindsTheVarianceOfNeighborsBehindTheNoise) {
  // Groups of 16 points, each 0.1 wide, at centers that are 3 apart. Every value has its own noise.
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
    // The true value is half the mean squared difference of two points of the same group.
    EXPECT_GT(model.neighbor_variance[k] * unit, 0.005);
    EXPECT_LT(model.neighbor_variance[k] * unit, 0.05);
  }
}

TEST(NoiseModel, GivesHalfTheFloorToDistancesThatAddItToEachPoint) {
  const Gaussians points = Golden().points();
  for (const char* distance : {"bhattacharyya", "jeffreys"}) {
    EXPECT_DOUBLE_EQ(floor_of(points, distance), floor_of(points) / 2);
  }
  EXPECT_DOUBLE_EQ(floor_of(points, "mahalanobis"), floor_of(points));
}

TEST(NoiseModel, EstimatesTheFloorOnlyIfItIsMissingAndUsed) {
  ThreadTeam team(2);
  const auto resolved = [&](double floor, std::string_view distance) {
    Gaussians points = Golden().points();
    points.variance_floor = floor;
    resolve_noise(points, distance, team, Cancellation());
    return points.variance_floor;
  };
  EXPECT_NEAR(resolved(0, "inverse-variance"), kFloor, 1e-3 * kFloor);
  EXPECT_EQ(resolved(0.01, "inverse-variance"), 0.01);
  EXPECT_EQ(resolved(0, "wasserstein"), 0);
  Gaussians unresolved = Golden().points();
  unresolved.variance_floor = 0;
  EXPECT_THROW(Distance("mahalanobis", unresolved), std::invalid_argument);
}

TEST(NoiseModel, LeavesColumnsOfNoiseOutOfTheFloor) {
  Golden golden;
  const double floor = floor_of(golden.points());
  Random random(3);
  for (std::size_t i = 0; i < Golden::n; ++i) {
    for (std::size_t k = 0; k < 4; ++k) {
      golden.sigma[i * Golden::d + k] = 1000;
      golden.mu[i * Golden::d + k] = 1000 * random.normal();
    }
  }
  EXPECT_NEAR(floor_of(golden.points()), floor, 0.3 * floor);
}

TEST(NoiseModel, GivesAPositiveFloorToPointsWithoutInformation) {
  for (const std::size_t n : {1, 2, 3, 7, 15, 16, 17, 100}) {
    for (const double spread : {0.0, 1e-160, 1.0, 1e160}) {
      for (const double deviation : {0.0, 1e-200, 1.0, 1e100, 1e300}) {
        Random random(n);
        std::vector<double> mu(n * 2), sigma(n * 2, deviation);
        for (double& value : mu) value = 5 * spread + spread * random.normal();
        Gaussians points = pack_means({nullptr, mu.data()}, n, 2);
        pack_sigma(points, {nullptr, sigma.data()}, 0);
        const double floor = floor_of(points);
        EXPECT_TRUE(std::isfinite(floor) && floor > 0) << n << " " << spread << " " << deviation;
      }
    }
  }
}

// The expected values for the golden points come from the float64 reference.
TEST(GoldenNoiseModel, GivesTheLikelihoodRatiosOfTheReference) {
  ThreadTeam team(2);
  Gaussians points = Golden().points();
  points.coordinate_spread.reset();
  resolve_noise(points, "likelihood-ratio", team, Cancellation());
  const Distance distance("likelihood-ratio", points);
  EXPECT_NEAR(distance.squared(0, 1), 10.84885, 2e-2);
  EXPECT_NEAR(distance.squared(0, 20), -15.28806, 2e-2);
  EXPECT_NEAR(distance.squared(3, 299), 42.96865, 2e-2);
  EXPECT_NEAR(distance.squared(17, 140), -17.00594, 2e-2);
  EXPECT_NEAR(distance.squared(250, 251), 153.09816, 2e-2);
}

TEST(NoiseModel, LeavesColumnsOfNoiseOutOfTheLikelihoodRatio) {
  NoiseModel model{{0, 0, 0}, {1, 1e-9, 100}, {0.1, 1e-10, 10}, {true, true, false}};
  const CoordinateSpread spread = find_coordinate_spread(model);
  EXPECT_DOUBLE_EQ(spread.between[0], 0.9);
  EXPECT_DOUBLE_EQ(spread.variance[1], 1e-4);
  EXPECT_EQ(spread.between[2], 0);
  model.is_measured = {false, false, false};
  EXPECT_DOUBLE_EQ(find_coordinate_spread(model).between[2], 90);
}

}  // namespace
}  // namespace sigma
