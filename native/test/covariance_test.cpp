#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "embedding/measurement_prior.hpp"
#include "neighbors/cell_search.hpp"
#include "neighbors/covariances.hpp"
#include "neighbors/distance.hpp"
#include "neighbors/exact_search.hpp"
#include "support/errors.hpp"
#include "support/random.hpp"

namespace sigma {
namespace {

using Square = std::vector<double>;  // d x d, row-major

const auto ignore_progress = [](double) {};

// Points with covariances F F^T, where the sizes of the random factors F differ by orders of magnitude.
struct Sample {
  std::size_t n, d;
  std::vector<double> means, covariances;
  Gaussians points;

  Sample(std::size_t count, std::size_t columns, double floor) : n(count), d(columns) {
    Random random(7);
    for (std::size_t i = 0; i < n; ++i) {
      const double size = std::pow(10, 2 * random.uniform() - 1.5);
      Square factor(d * d), matrix(d * d, 0.0);
      for (double& x : factor) x = size * random.normal();
      for (std::size_t e = 0; e < d * d; ++e) {
        for (std::size_t c = 0; c < d; ++c) matrix[e] += factor[e / d * d + c] * factor[e % d * d + c];
      }
      covariances.insert(covariances.end(), matrix.begin(), matrix.end());
      for (std::size_t k = 0; k < d; ++k) means.push_back(random.normal());
    }
    points = pack_means({nullptr, means.data()}, n, d);
    pack_covariances(points, {{nullptr, covariances.data()}, CovarianceForm::matrices, d, {}}, floor);
  }
};

// Solves A x = b by Gauss-Jordan elimination with row exchanges. Returns log |det A|.
double eliminate(Square a, std::size_t d, Square& b, std::size_t columns) {
  double logarithm = 0;
  for (std::size_t c = 0; c < d; ++c) {
    std::size_t best = c;
    for (std::size_t r = c + 1; r < d; ++r) {
      if (std::abs(a[r * d + c]) > std::abs(a[best * d + c])) best = r;
    }
    for (std::size_t k = 0; k < d; ++k) std::swap(a[c * d + k], a[best * d + k]);
    for (std::size_t k = 0; k < columns; ++k) std::swap(b[c * columns + k], b[best * columns + k]);
    const double pivot = a[c * d + c];
    logarithm += std::log(std::abs(pivot));
    for (std::size_t k = 0; k < d; ++k) a[c * d + k] /= pivot;
    for (std::size_t k = 0; k < columns; ++k) b[c * columns + k] /= pivot;
    for (std::size_t r = 0; r < d; ++r) {
      if (r == c) continue;
      const double factor = a[r * d + c];
      for (std::size_t k = 0; k < d; ++k) a[r * d + k] -= factor * a[c * d + k];
      for (std::size_t k = 0; k < columns; ++k) b[r * columns + k] -= factor * b[c * columns + k];
    }
  }
  return logarithm;
}

// The squared distance, computed with full inverse matrices, in the caller's units.
double slow(const std::string& name, const Sample& sample, std::size_t i, std::size_t j, double floor) {
  const std::size_t d = sample.d;
  Square sum(d * d), difference(d), inverse(d * d, 0.0);
  for (std::size_t e = 0; e < d * d; ++e) {
    sum[e] = sample.covariances[i * d * d + e] + sample.covariances[j * d * d + e] + (e / d == e % d ? floor : 0);
  }
  for (std::size_t k = 0; k < d; ++k) {
    difference[k] = sample.means[i * d + k] - sample.means[j * d + k];
    inverse[k * d + k] = 1;
  }
  Square solution = difference;
  const double logarithm = eliminate(sum, d, solution, 1);
  eliminate(sum, d, inverse, d);
  double squares = 0, trace = 0;
  for (std::size_t k = 0; k < d; ++k) {
    squares += difference[k] * solution[k];
    trace += inverse[k * d + k];
  }
  if (name == "inverse-variance") return squares / trace;
  return name == "mahalanobis" ? squares : squares + logarithm;
}

class WithCovariances : public testing::TestWithParam<std::string> {};

TEST_P(WithCovariances, DistanceAgreesWithFullInversesUpToAFactorAndAConstant) {
  for (const std::size_t d : {1u, 2u, 5u, 17u}) {
    const double floor = 0.01;
    const Sample sample(70, d, floor);
    const Distance distance(GetParam(), sample.points);
    // Determines a and b in ours = a slow + b from two pairs.
    const double s0 = slow(GetParam(), sample, 0, 1, floor), s1 = slow(GetParam(), sample, 2, 66, floor);
    const double o0 = distance.squared(0, 1), o1 = distance.squared(2, 66);
    const double a = GetParam() == "mahalanobis-logdet" ? (o1 - o0) / (s1 - s0) : o1 / s1;
    const double b = GetParam() == "mahalanobis-logdet" ? o0 - a * s0 : 0;
    for (std::size_t i = 0; i < sample.n; ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        const double expected = a * slow(GetParam(), sample, i, j, floor) + b;
        ASSERT_NEAR(distance.squared(i, j), expected, 3e-5 * (std::abs(expected) + a)) << d << ": " << i << ", " << j;
      }
    }
  }
}

TEST_P(WithCovariances, TileAgreesWithPairsAndHasTheSameBitsInBothOrders) {
  constexpr std::size_t kBlock = PackedMatrix::kBlock;
  const Sample sample(100, 6, 0.01);
  const Distance distance(GetParam(), sample.points);
  std::vector<float> there(kBlock * kBlock), back(kBlock * kBlock);
  distance.tile(distance.block(0), distance.block(1), kBlock, 36, there.data());
  distance.tile(distance.block(1), distance.block(0), 36, kBlock, back.data());
  for (std::size_t i = 0; i < kBlock; ++i) {
    for (std::size_t j = 0; j < 36; ++j) {
      EXPECT_EQ(there[i * kBlock + j], back[j * kBlock + i]);
      const double pair = distance.squared(i, kBlock + j);
      EXPECT_NEAR(there[i * kBlock + j], pair, 1e-6 * std::abs(pair) + 1e-9);
    }
  }
}

TEST_P(WithCovariances, BothSearchesFindTheNeighborsOfPairs) {
  const Sample sample(700, 3, 0.01);
  const Distance distance(GetParam(), sample.points);
  ThreadTeam team(2);
  const Neighbors exact = search_exactly(distance, 10, team, {}, ignore_progress);
  for (std::size_t i = 0; i < sample.n; i += 50) {
    std::size_t nearer = 0;
    const double last = distance.squared(i, exact.indices[i * 10 + 9]);
    for (std::size_t j = 0; j < sample.n; ++j)
      nearer += j != i && distance.squared(i, j) < last - 1e-5 * std::abs(last);
    EXPECT_LE(nearer, 9u);
  }
  const Neighbors found = CellSearch(distance, 10, 1, team, {}).run(team, {}, ignore_progress);
  EXPECT_GT(found.recall, 0.98);
}

INSTANTIATE_TEST_SUITE_P(, WithCovariances, testing::Values("inverse-variance", "mahalanobis", "mahalanobis-logdet"),
                         [](const testing::TestParamInfo<std::string>& info) {
                           std::string name = info.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST(Covariances, HaveTheClosedFormWassersteinDistanceInTwoDimensions) {
  const Sample sample(60, 2, 0.01);
  const Distance distance("wasserstein", sample.points);
  const auto closed = [&](std::size_t i, std::size_t j) {
    const double *a = &sample.covariances[4 * i], *b = &sample.covariances[4 * j];
    const double x = sample.means[2 * i] - sample.means[2 * j], y = sample.means[2 * i + 1] - sample.means[2 * j + 1];
    // The trace of the root of a 2 x 2 matrix M is sqrt(tr M + 2 sqrt(det M)). Here M = C_i C_j.
    const double trace = a[0] * b[0] + a[1] * b[2] + a[2] * b[1] + a[3] * b[3];
    const double determinant = (a[0] * a[3] - a[1] * a[2]) * (b[0] * b[3] - b[1] * b[2]);
    return x * x + y * y + a[0] + a[3] + b[0] + b[3] - 2 * std::sqrt(trace + 2 * std::sqrt(determinant));
  };
  const double unit = distance.squared(0, 1) / closed(0, 1);
  for (std::size_t i = 0; i < sample.n; ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      EXPECT_NEAR(distance.squared(i, j) / unit, closed(i, j), 2e-5 * (1 + closed(i, j)));
      EXPECT_EQ(distance.squared(i, j), distance.squared(j, i));
    }
  }
}

TEST(Covariances, KeepTheSmallEigenvaluesOfStronglyCorrelatedErrors) {
  // The standard deviation of errors along (1, 1) is a million times that of errors at right angles to it.
  constexpr double kAlong = 1e6, kAcross = 1, kFloor = 1e-3;
  std::vector<double> means, matrices;
  Random random(3);
  for (int i = 0; i < 20; ++i) {
    means.insert(means.end(), {100 * random.normal(), 100 * random.normal()});
    const double half = (kAlong * kAlong + kAcross * kAcross) / 2, other = (kAlong * kAlong - kAcross * kAcross) / 2;
    matrices.insert(matrices.end(), {half, other, other, half});
  }
  Gaussians points = pack_means({nullptr, means.data()}, 20, 2);
  pack_covariances(points, {{nullptr, matrices.data()}, CovarianceForm::matrices, 2, {}}, kFloor);
  const Distance distance("mahalanobis", points);
  const double unit = distance.squared(0, 1);
  const auto across = [&](std::size_t i, std::size_t j) {
    const double x = means[2 * i] - means[2 * j], y = means[2 * i + 1] - means[2 * j + 1];
    return (x - y) * (x - y) / 2 / (2 * kAcross * kAcross + kFloor);
  };
  for (std::size_t i = 2; i < 20; ++i) EXPECT_NEAR(distance.squared(0, i) / unit, across(0, i) / across(0, 1), 0.01);
}

TEST(Covariances, AreRejectedWithTheRowOfTheInvalidMatrix) {
  const auto pack = [](std::vector<double> matrix) {
    std::vector<double> means{0, 0, 1, 1}, matrices{1, 0, 0, 1};
    matrices.insert(matrices.end(), matrix.begin(), matrix.end());
    Gaussians points = pack_means({nullptr, means.data()}, 2, 2);
    pack_covariances(points, {{nullptr, matrices.data()}, CovarianceForm::matrices, 2, {}}, 0.01);
  };
  const auto reason_of = [&](const std::vector<double>& matrix) {
    try {
      pack(matrix);
    } catch (const BadValue& bad) {
      EXPECT_EQ(bad.row, 1u);
      return bad.reason;
    }
    ADD_FAILURE() << "nothing was thrown";
    return BadValue::Reason::negative;
  };
  EXPECT_EQ(reason_of({1, NAN, NAN, 1}), BadValue::Reason::not_finite);
  EXPECT_EQ(reason_of({-1, 0, 0, 1}), BadValue::Reason::negative_variance);
  EXPECT_EQ(reason_of({1, 0.5, 0.4, 1}), BadValue::Reason::not_symmetric);
  EXPECT_EQ(reason_of({1, 1.5, 1.5, 1}), BadValue::Reason::negative_eigenvalue);
  EXPECT_EQ(reason_of({0, 0.5, 0.5, 1}), BadValue::Reason::negative_eigenvalue);
  EXPECT_NO_THROW(pack({1, 1, 1, 1}));
  EXPECT_NO_THROW(pack({0, 0, 0, 0}));
}

// With one value per point and the same sigma for all points, draws must have the mean and variance of Bayes' rule.
TEST(MeasurementPrior, DrawsFromThePosteriorOfNormalPoints) {
  constexpr std::size_t kPoints = 400;
  Random random(5);
  for (const bool has_covariances : {false, true}) {
    // True values N(0, 1), measured with a standard deviation of 1.
    std::vector<double> means, sigma(kPoints, 1.0);
    for (std::size_t i = 0; i < kPoints; ++i) means.push_back(random.normal() + random.normal());
    Gaussians points = pack_means({nullptr, means.data()}, kPoints, 1);
    if (has_covariances) {
      pack_covariances(points, {{nullptr, sigma.data()}, CovarianceForm::matrices, 1, {}}, 0);
    } else {
      pack_sigma(points, {nullptr, sigma.data()}, 0);
    }
    ThreadTeam team(2);
    const MeasurementPrior prior(points, team, {});
    std::vector<std::uint32_t> own(kPoints);
    for (std::size_t i = 0; i < kPoints; ++i) own[i] = static_cast<std::uint32_t>(i);
    const MeasurementPrior::Candidates candidates = prior.find(points, own, team, {});
    MeasurementPrior::Scratch scratch;
    double excess = 0, count = 0;
    std::vector<double> value(1);
    for (std::size_t i = 0; i < kPoints; ++i) {
      for (int draw = 0; draw < 20; ++draw) {
        prior.draw(points, i, candidates, i, random, value, scratch);
        const double x = value[0] * points.scale + points.center[0];
        // Draws for an extreme measurement lie between the measurement and the other points.
        if (std::abs(means[i]) > 2) {
          excess += (x - means[i]) * (means[i] > 0 ? -1 : 1);
          ++count;
        }
      }
    }
    EXPECT_GT(excess / count, 0.4);
  }
}

}  // namespace
}  // namespace sigma
