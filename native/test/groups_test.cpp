#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "support/random.hpp"
#include "trust/groups.hpp"

namespace sigma {
namespace {

const auto no_report = [](double) {};

// Points from Gaussians of unit variance in `columns` dimensions. The points belong to the centers in turn. The centers
// lie on the first axis.
std::vector<float> blobs(std::size_t n, std::size_t columns, const std::vector<double>& centers, std::uint64_t seed) {
  Random random(seed);
  std::vector<float> positions(n * columns);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t c = 0; c < columns; ++c) {
      positions[i * columns + c] = static_cast<float>(random.normal() + (c == 0 ? centers[i % centers.size()] : 0));
    }
  }
  return positions;
}

class EveryDimension : public testing::TestWithParam<std::size_t> {};
INSTANTIATE_TEST_SUITE_P(DensityGroups, EveryDimension, testing::Values(1, 2, 3));

TEST_P(EveryDimension, SeparatesBlobsByTheDepthOfTheValley) {
  const std::size_t columns = GetParam(), n = 30000;
  constexpr double kDistance = 5;
  constexpr double kernel[] = {0, 3000, 1000, 300};
  const std::vector<float> positions = blobs(n, columns, {0, kDistance}, 1);
  const DensityGroups groups(positions, columns, {kernel[columns], 20, 0.3}, Cancellation());
  ASSERT_EQ(groups.count(), 2u);
  // The smoothed density is that of two Gaussians with variance 1 + h^2.
  const double variance = 1 + groups.bandwidth() * groups.bandwidth();
  const auto density = [&](double x) {
    return std::exp(-x * x / (2 * variance)) + std::exp(-(x - kDistance) * (x - kDistance) / (2 * variance));
  };
  const double ratio = density(kDistance / 2) / density(0);
  for (const double separation : groups.separations()) EXPECT_NEAR(separation, 1 - ratio, 0.1);
  std::size_t right = 0;
  const std::int32_t first = groups.at(positions.data());
  for (std::size_t i = 0; i < n; ++i) right += (groups.at(&positions[i * columns]) == first) == (i % 2 == 0);
  EXPECT_GT(static_cast<double>(right), 0.93 * static_cast<double>(n));
}

TEST(DensityGroups, FindsOneGroupInOneBlob) {
  const DensityGroups groups(blobs(5000, 2, {0}, 2), 2, {100, 20, 0.3}, Cancellation());
  EXPECT_EQ(groups.count(), 1u);
  EXPECT_EQ(groups.strongest(), 0);
  EXPECT_EQ(groups.separations()[0], 1);
}

TEST(DensityGroups, OrdersGroupsBySizeAndLeavesOutSmallRegions) {
  std::vector<float> positions = blobs(900, 2, {0, 40, 40}, 3);
  for (int i = 0; i < 4; ++i) positions.insert(positions.end(), {-50.0f, 50.0f});
  const DensityGroups groups(positions, 2, {20, 10, 0.3}, Cancellation());
  EXPECT_EQ(groups.sizes(), (std::vector<std::size_t>{600, 300}));
  EXPECT_EQ(groups.at(&positions[2 * 900]), DensityGroups::kNone);
  const float far[] = {1e30f, 0}, between[] = {20, 0};
  EXPECT_EQ(groups.at(far), DensityGroups::kNone);
  EXPECT_EQ(groups.at(between), DensityGroups::kNone);
}

TEST(DensityGroups, FollowsTheScaleOfTheEmbedding) {
  std::vector<float> positions = blobs(600, 2, {0, 8}, 4);
  const DensityGroups before(positions, 2, {20, 10, 0.3}, Cancellation());
  for (float& value : positions) value *= 1024;
  const DensityGroups after(positions, 2, {20, 10, 0.3}, Cancellation());
  EXPECT_EQ(before.sizes(), after.sizes());
  EXPECT_NEAR(after.bandwidth() / before.bandwidth(), 1024, 1e-3);
}

TEST(DensityGroups, AcceptsEqualPositionsAndAFarOne) {
  EXPECT_EQ(DensityGroups(std::vector<float>(40, 3.0f), 2, {5, 5, 0.3}, Cancellation()).count(), 1u);
  std::vector<float> positions = blobs(100, 2, {0}, 5);
  positions.insert(positions.end(), {1e6f, -1e6f});
  EXPECT_LE(DensityGroups(positions, 2, {10, 5, 0.3}, Cancellation()).count(), 1u);
}

Gaussians packed(const std::vector<double>& data, std::size_t n) {
  return pack_means({nullptr, data.data()}, n, data.size() / n);
}

TEST(NullGaussian, HasTheMeanAndTheCovarianceOfThePoints) {
  constexpr std::size_t n = 4000, d = 3;
  Random random(6);
  std::vector<double> data(n * d);
  for (std::size_t i = 0; i < n; ++i) {
    const double shared = random.uniform();
    for (std::size_t c = 0; c < d; ++c)
      data[i * d + c] = static_cast<double>(c) + shared * (1 + static_cast<double>(c)) + 0.1 * random.normal();
  }
  const Gaussians points = packed(data, n);
  ThreadTeam team(1);
  const Gaussians drawn = draw_gaussian(points, n, 0, random, team, Cancellation());
  const auto moments = [](const Gaussians& some) {
    std::vector<double> result;
    for (std::size_t a = 0; a < d; ++a) {
      double mean = 0;
      for (std::size_t i = 0; i < n; ++i) mean += static_cast<double>(some.means.at(i, a)) / n;
      result.push_back(mean);
      for (std::size_t b = 0; b < d; ++b) {
        double product = 0;
        for (std::size_t i = 0; i < n; ++i)
          product += static_cast<double>(some.means.at(i, a)) * static_cast<double>(some.means.at(i, b)) / n;
        result.push_back(product);
      }
    }
    return result;
  };
  const std::vector<double> expected = moments(points), found = moments(drawn);
  for (std::size_t e = 0; e < expected.size(); ++e) EXPECT_NEAR(found[e], expected[e], 0.02);
}

TEST(Groups, KeepsSeparateBlobsInReruns) {
  constexpr std::size_t n = 300, d = 4;
  Random random(7);
  std::vector<double> data(n * d);
  for (std::size_t i = 0; i < n * d; ++i) data[i] = random.normal() + (i % d == (i / d) % 3 ? 12 : 0);
  sigma::Run run(packed(data, n), {.perplexities = {15}, .iterations = 300});
  run.advance(300, [](const Progress&) {});
  const Groups found = measure_groups(run, {.reruns = 3, .nulls = 2, .seed = 1}, {}, no_report);
  ASSERT_EQ(found.separations.size(), 3u);
  EXPECT_EQ(found.null_separations.size(), 2u);
  ASSERT_EQ(found.reruns.size(), 3 * n);
  EXPECT_TRUE(found.draws.empty());
  for (std::size_t i = 0; i < n; ++i) EXPECT_EQ(found.groups[i], found.groups[i % 3]);
  for (std::size_t r = 0; r < 3; ++r) {
    std::size_t left_out = 0, stray = 0;
    std::map<std::int32_t, std::size_t> pairs;
    for (std::size_t i = 0; i < n; ++i) {
      const std::int32_t group = found.reruns[r * n + i];
      left_out += group == kLeftOut;
      if (group != kLeftOut) ++pairs[group * 3 + found.groups[i]];
    }
    // All but a few points of a group are in a common group of the rerun, which contains no other points.
    for (const auto& [pair, count] : pairs) stray += count < 20 ? count : 0;
    EXPECT_LE(stray, 5u);
    EXPECT_EQ(std::count_if(pairs.begin(), pairs.end(), [](const auto& pair) { return pair.second >= 20; }), 3);
    EXPECT_NEAR(static_cast<double>(left_out) / n, std::exp(-1), 0.12);
  }
}

}  // namespace
}  // namespace sigma
