#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <tuple>

#include "linalg/lanczos.hpp"
#include "linalg/pca.hpp"
#include "linalg/symmetric_eigen.hpp"
#include "support/errors.hpp"

namespace sigma {
namespace {

TEST(SymmetricEigen, FindsSortedEigenvaluesAndEigenvectors) {
  Random random(1);
  for (const std::size_t n : {1, 2, 3, 10, 60}) {
    std::vector<double> a(n * n);
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j <= i; ++j) a[i * n + j] = a[j * n + i] = random.normal();
    }
    const SymmetricEigen eigen = solve_symmetric(a, n, Cancellation());
    for (std::size_t r = 0; r < n; ++r) {
      if (r > 0) {
        EXPECT_GE(eigen.values[r - 1], eigen.values[r]);
      }
      for (std::size_t i = 0; i < n; ++i) {
        double product = 0;
        for (std::size_t j = 0; j < n; ++j) product += a[i * n + j] * eigen.vectors[r * n + j];
        EXPECT_NEAR(product, eigen.values[r] * eigen.vectors[r * n + i], 1e-11 * static_cast<double>(n));
      }
      for (std::size_t q = 0; q <= r; ++q) {
        double dot = 0;
        for (std::size_t j = 0; j < n; ++j) dot += eigen.vectors[r * n + j] * eigen.vectors[q * n + j];
        EXPECT_NEAR(dot, q == r ? 1 : 0, 1e-12 * static_cast<double>(n));
      }
    }
  }
}

TEST(SymmetricEigen, HandlesAZeroDiagonalAndRepeatedEigenvalues) {
  EXPECT_EQ(solve_symmetric(std::vector<double>(25, 0.0), 5, Cancellation()).values, std::vector<double>(5, 0.0));
  std::vector<double> identity(16, 0.0);
  for (std::size_t i = 0; i < 4; ++i) identity[i * 4 + i] = 2;
  EXPECT_EQ(solve_symmetric(identity, 4, Cancellation()).values, std::vector<double>(4, 2.0));
}

// Centered rows whose column variances fall as 1 / (1 + j)^2, rotated by random reflections.
PackedMatrix make_rows(std::size_t n, std::size_t d, std::uint64_t seed) {
  Random random(seed);
  std::vector<double> v(d);
  double norm = 0;
  for (double& x : v) {
    x = random.normal();
    norm += x * x;
  }
  PackedMatrix rows(n, d);
  std::vector<double> mean(d), data(n * d);
  for (std::size_t i = 0; i < n; ++i) {
    double dot = 0;
    for (std::size_t j = 0; j < d; ++j) dot += v[j] * (data[i * d + j] = random.normal() / static_cast<double>(1 + j));
    for (std::size_t j = 0; j < d; ++j) mean[j] += (data[i * d + j] -= 2 * dot * v[j] / norm) / static_cast<double>(n);
  }
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < d; ++j) rows.at(i, j) = static_cast<float>(data[i * d + j] - mean[j]);
  }
  return rows;
}

Pca components_of(const PackedMatrix& rows, std::size_t k, unsigned threads = 2) {
  Random random(42);
  ThreadTeam team(threads);
  return find_principal_components(rows, k, random, team, Cancellation());
}

TEST(Pca, GivesUncorrelatedScoresWithTheReportedVariances) {
  const PackedMatrix rows = make_rows(500, 40, 2);
  const Pca pca = components_of(rows, 5);
  for (std::size_t a = 0; a < 5; ++a) {
    for (std::size_t b = 0; b <= a; ++b) {
      double sum = 0;
      for (std::size_t i = 0; i < 500; ++i)
        sum += static_cast<double>(pca.scores.at(i, a)) * static_cast<double>(pca.scores.at(i, b));
      EXPECT_NEAR(sum / 499, a == b ? pca.variances[a] : 0, 1e-5);
    }
  }
}

TEST(Pca, FindsTheSameComponentsByTheRandomizedAndTheExactMethod) {
  // With 300 columns, few components use the randomized method, and many components use the exact method.
  const PackedMatrix rows = make_rows(700, 300, 3);
  const Pca exact = components_of(rows, 200), randomized = components_of(rows, 4);
  for (std::size_t c = 0; c < 4; ++c) {
    EXPECT_NEAR(randomized.variances[c], exact.variances[c], 1e-4 * exact.variances[c]);
    double dot = 0;
    for (std::size_t j = 0; j < 300; ++j) dot += exact.components[c * 300 + j] * randomized.components[c * 300 + j];
    EXPECT_NEAR(dot, 1, 1e-3);
  }
}

TEST(Pca, FindsTheComponentsOfTheOtherRowsIfOneIsFarAway) {
  // Covers the three methods: by the covariance, by products of rows, and the randomized search.
  for (const auto& [n, d] : {std::pair{500, 40}, {100, 300}, {700, 300}}) {
    PackedMatrix rows = make_rows(static_cast<std::size_t>(n), static_cast<std::size_t>(d), 2);
    const std::size_t columns = rows.cols();
    for (std::size_t i = 0; i < rows.rows(); ++i) rows.at(i, 3) = 0;
    const Pca expected = components_of(rows, 3);
    rows.at(17, 3) = -1e9f;
    const Pca pca = components_of(rows, 4);
    EXPECT_NEAR(pca.components[3], 1, 1e-6);
    for (std::size_t c = 0; c < 3; ++c) {
      EXPECT_NEAR(pca.variances[c + 1], expected.variances[c], 0.02 * expected.variances[c]);
      double dot = 0;
      for (std::size_t j = 0; j < columns; ++j) {
        dot += pca.components[(c + 1) * columns + j] * expected.components[c * columns + j];
      }
      EXPECT_NEAR(std::abs(dot), 1, 1e-2) << n << " x " << d << ", component " << c;
    }
  }
}

// Counts with a few nonzero columns per row, in groups, and the same numbers as a dense matrix minus the means.
struct SparseCase {
  SparseMatrix sparse;
  PackedMatrix centered;
  std::vector<double> mean;
};

SparseCase make_counts(std::size_t n, std::size_t d) {
  Random random(5);
  SparseCase counts{{d, {0}, {}, {}}, PackedMatrix(n, d), std::vector<double>(d, 0.0)};
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < d; ++j) {
      if (random.uniform() > ((i % 5) == (j % 5) ? 0.3 : 0.02)) continue;
      const float value =
          static_cast<float>(1 + random.bits() % 9) * (i % 5 == 0 ? 2.0f : 1.0f) + 0.1f * static_cast<float>(i % 5);
      counts.sparse.columns.push_back(static_cast<std::uint32_t>(j));
      counts.sparse.values.push_back(value);
      counts.centered.at(i, j) = value;
      counts.mean[j] += static_cast<double>(value) / static_cast<double>(n);
    }
    counts.sparse.offsets.push_back(counts.sparse.columns.size());
  }
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < d; ++j) counts.centered.at(i, j) -= static_cast<float>(counts.mean[j]);
  }
  return counts;
}

TEST(PcaOfSparseRows, EqualsThePcaOfDenseRows) {
  for (const auto& [n, d, k] : {std::tuple{600, 300, 4}, {300, 900, 3}, {2000, 280, 9}}) {
    const SparseCase counts = make_counts(static_cast<std::size_t>(n), static_cast<std::size_t>(d));
    const std::size_t columns = counts.sparse.cols, components = static_cast<std::size_t>(k);
    // Computing many components uses the exact method.
    const Pca expected = components_of(counts.centered, std::min(columns, counts.sparse.rows()) / 2);
    Random random(42);
    ThreadTeam team(2);
    const Pca pca = find_principal_components(counts.sparse, components, random, team, Cancellation());
    for (std::size_t j = 0; j < columns; ++j) EXPECT_NEAR(pca.mean[j], counts.mean[j], 1e-9);
    // The first four components separate the five groups. The others are noise with nearly equal variances.
    for (std::size_t c = 0; c < std::min<std::size_t>(components, 4); ++c) {
      EXPECT_NEAR(pca.variances[c], expected.variances[c], 1e-4 * expected.variances[c]);
      const double* a = &pca.components[c * columns];
      EXPECT_NEAR(std::inner_product(a, a + columns, a, 0.0), 1, 1e-9);
      for (std::size_t i = 0; i < counts.sparse.rows(); ++i) {
        double score = 0;
        for (std::size_t j = 0; j < columns; ++j) score += static_cast<double>(counts.centered.at(i, j)) * a[j];
        EXPECT_NEAR(static_cast<double>(pca.scores.at(i, c)), score, 1e-4 * std::sqrt(pca.variances[0]));
      }
    }
  }
}

TEST(PcaOfSparseRows, DoesNotDependOnTheNumberOfThreadsAndStopsWhenCanceled) {
  const SparseMatrix rows = make_counts(700, 300).sparse;
  std::vector<double> first;
  for (const unsigned threads : {1u, 4u}) {
    Random random(1);
    ThreadTeam team(threads);
    const Pca pca = find_principal_components(rows, 3, random, team, Cancellation());
    if (first.empty()) first = pca.components;
    EXPECT_EQ(pca.components, first);
  }
  Random random(1);
  ThreadTeam team(1);
  Cancellation cancellation;
  cancellation.request();
  EXPECT_THROW(find_principal_components(rows, 3, random, team, cancellation), Canceled);
}

TEST(Pca, DoesNotDependOnTheNumberOfThreads) {
  const PackedMatrix rows = make_rows(900, 290, 4);
  const Pca one = components_of(rows, 3, 1), many = components_of(rows, 3, 4);
  EXPECT_EQ(one.components, many.components);
  EXPECT_EQ(one.variances, many.variances);
}

TEST(Pca, StopsWhenCanceled) {
  // Covers the three methods: by the covariance, by products of rows, and the randomized search.
  for (const auto& [n, d, k] : {std::tuple{300, 20, 2}, {20, 300, 2}, {700, 300, 4}}) {
    const PackedMatrix rows = make_rows(static_cast<std::size_t>(n), static_cast<std::size_t>(d), 6);
    Random random(1);
    ThreadTeam team(2);
    Cancellation cancellation;
    cancellation.request();
    EXPECT_THROW(find_principal_components(rows, static_cast<std::size_t>(k), random, team, cancellation), Canceled);
  }
}

TEST(Pca, HandlesConstantRowsAndMoreColumnsThanRows) {
  for (const double variance : components_of(PackedMatrix(50, 3), 2).variances) EXPECT_EQ(variance, 0);
  const PackedMatrix rows = make_rows(10, 600, 5);
  const Pca wide = components_of(rows, 10);
  EXPECT_GT(wide.variances[8], 0);
  EXPECT_NEAR(wide.variances[9], 0, 1e-6 * wide.variances[0]);
  for (std::size_t a = 0; a < 10; ++a) {
    for (std::size_t b = 0; b <= a; ++b) {
      double dot = 0;
      for (std::size_t j = 0; j < 600; ++j) dot += wide.components[a * 600 + j] * wide.components[b * 600 + j];
      EXPECT_NEAR(dot, a == b ? 1 : 0, 1e-9);
    }
  }
  // The components span all rows, so scores and rows have the same lengths.
  for (std::size_t i = 0; i < 10; ++i) {
    double row = 0, score = 0;
    for (std::size_t j = 0; j < 600; ++j) row += std::pow(static_cast<double>(rows.at(i, j)), 2);
    for (std::size_t c = 0; c < 10; ++c) score += std::pow(static_cast<double>(wide.scores.at(i, c)), 2);
    EXPECT_NEAR(score, row, 1e-5 * row);
  }
}

}  // namespace
// A dense symmetric matrix whose largest eigenvalues are close together.
std::vector<double> make_symmetric(std::size_t n, std::uint64_t seed) {
  Random random(seed);
  std::vector<double> matrix(n * n, 0.0);
  for (std::size_t i = 0; i < n; ++i) {
    matrix[i * n + i] = 1 - 0.5 * static_cast<double>(i) / static_cast<double>(n);
    for (std::size_t j = 0; j < i; ++j) matrix[i * n + j] = matrix[j * n + i] = 0.02 * random.normal();
  }
  return matrix;
}

LeadingEigenvectors leading(const std::vector<double>& matrix, std::size_t n, std::size_t k, unsigned threads = 2) {
  ThreadTeam team(threads);
  Random random(3);
  std::vector<double> start(n);
  for (double& x : start) x = random.normal();
  const SymmetricProduct multiply = [&](const double* x, double* out) {
    for (std::size_t i = 0; i < n; ++i) {
      out[i] = std::inner_product(x, x + n, &matrix[i * n], 0.0);
    }
  };
  return find_leading_eigenvectors(n, k, multiply, start, 1e-9, 5000, team, Cancellation());
}

TEST(Lanczos, AgreesWithTheFullEigenproblem) {
  for (const std::size_t n : {3u, 20u, 150u}) {
    const std::vector<double> matrix = make_symmetric(n, n);
    const SymmetricEigen expected = solve_symmetric(matrix, n, Cancellation());
    const LeadingEigenvectors found = leading(matrix, n, 3);
    EXPECT_TRUE(found.has_converged);
    for (std::size_t r = 0; r < 3; ++r) {
      EXPECT_NEAR(found.values[r], expected.values[r], 1e-9);
      const double dot =
          std::inner_product(&found.vectors[r * n], &found.vectors[r * n] + n, &expected.vectors[r * n], 0.0);
      EXPECT_NEAR(std::abs(dot), 1, 1e-6) << n << " " << r;
    }
  }
}

TEST(Lanczos, DoesNotDependOnTheNumberOfThreads) {
  const std::vector<double> matrix = make_symmetric(150, 1);
  EXPECT_EQ(leading(matrix, 150, 2, 1).vectors, leading(matrix, 150, 2, 4).vectors);
}

TEST(Lanczos, FindsFewerVectorsInASmallInvariantSubspace) {
  // The identity matrix maps the start to itself.
  const std::size_t n = 10;
  std::vector<double> identity(n * n, 0.0);
  for (std::size_t i = 0; i < n; ++i) identity[i * n + i] = 1;
  const LeadingEigenvectors found = leading(identity, n, 3);
  EXPECT_EQ(found.values.size(), 1u);
  EXPECT_NEAR(found.values[0], 1, 1e-12);
}

}  // namespace sigma
