#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "network/convolution.hpp"
#include "network/elementwise.hpp"
#include "network/normalization.hpp"
#include "network/normals.hpp"
#include "network/weight_posterior.hpp"
#include "support/random.hpp"

namespace sigma {
namespace {

std::vector<float> normals(std::size_t count, std::uint64_t seed) {
  Random random(seed);
  std::vector<float> values(count);
  for (float& value : values) value = static_cast<float>(random.normal());
  return values;
}

std::vector<float> transposed(const std::vector<float>& a, std::size_t rows, std::size_t cols) {
  std::vector<float> t(a.size());
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < cols; ++j) t[j * rows + i] = a[i * cols + j];
  }
  return t;
}

double activated(double v, Activation activation, double slope) {
  switch (activation) {
    case Activation::relu:
      return std::max(v, 0.0);
    case Activation::relu6:
      return std::min(std::max(v, 0.0), 6.0);
    case Activation::sigmoid:
      return 1 / (1 + std::exp(-v));
    case Activation::elu:
      return v < 0 ? std::exp(v) - 1 : v;
    case Activation::leaky_relu:
      return v < 0 ? slope * v : v;
    default:
      return v;
  }
}

struct Shape {
  std::size_t m, n, k;
};

constexpr Shape kShapes[] = {{1, 1, 1},     {1, 1, 0},     {3, 5, 0},      {0, 4, 3},    {4, 0, 3},
                             {1, 300, 17},  {300, 1, 17},  {7, 9, 300},    {12, 32, 8},  {13, 33, 257},
                             {145, 129, 3}, {128, 20, 40}, {150, 65, 513}, {2, 3, 9000}, {25, 6, 5000}};

// A slow reference: the product by its definition, in float64.
std::vector<double> multiply_slowly(const Shape& shape, const std::vector<float>& a, const std::vector<float>& b) {
  const auto& [m, n, k] = shape;
  std::vector<double> c(m * n);
  for (std::size_t i = 0; i < m; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      for (std::size_t l = 0; l < k; ++l)
        c[i * n + j] += static_cast<double>(a[i * k + l]) * static_cast<double>(b[l * n + j]);
    }
  }
  return c;
}

// The factors are given in normal order, and are passed in transposed form if the flags say so. The result has a
// border, which must not change.
std::vector<float> multiply(const Shape& shape, const std::vector<float>& a, const std::vector<float>& b, bool ta,
                            bool tb, const float* bias, Activation activation, unsigned threads) {
  const auto& [m, n, k] = shape;
  const std::vector<float> left = ta ? transposed(a, m, k) : a, right = tb ? transposed(b, k, n) : b;
  const DenseRows left_rows(left.data(), ta ? m : k), right_rows(right.data(), tb ? k : n);
  std::vector<float> c(m * n + 2, -7.0f);
  MatrixMultiplier multiplier(threads);
  multiplier.multiply({m, n, k, left_rows, ta, right_rows, tb, Grid::matrix(c.data() + 1, n), bias, activation, 0.3f});
  EXPECT_EQ(c.front(), -7.0f);
  EXPECT_EQ(c.back(), -7.0f);
  return {c.begin() + 1, c.end() - 1};
}

TEST(NetworkProduct, EqualsTheSumOfItsDefinition) {
  for (const Shape& shape : kShapes) {
    const auto& [m, n, k] = shape;
    const std::vector<float> a = normals(m * k, 1), b = normals(k * n, 2);
    const std::vector<double> expected = multiply_slowly(shape, a, b);
    for (const bool ta : {false, true}) {
      for (const bool tb : {false, true}) {
        const std::vector<float> c = multiply(shape, a, b, ta, tb, nullptr, Activation::linear, 2);
        for (std::size_t i = 0; i < c.size(); ++i) {
          ASSERT_NEAR(c[i], expected[i], 1e-5 * (1 + std::sqrt(static_cast<double>(k))))
              << m << " x " << n << " x " << k << (ta ? " left" : "") << (tb ? " right" : "") << " at " << i;
        }
      }
    }
  }
}

TEST(NetworkProduct, AddsABiasAndActivates) {
  for (const Shape& shape : {Shape{5, 37, 6}, Shape{4, 3, 0}, Shape{2, 5, 9000}}) {
    const auto& [m, n, k] = shape;
    const std::vector<float> a = normals(m * k, 3), b = normals(k * n, 4), bias = normals(n, 5);
    const std::vector<double> sums = multiply_slowly(shape, a, b);
    for (const Activation activation : {Activation::linear, Activation::relu, Activation::relu6, Activation::sigmoid,
                                        Activation::elu, Activation::leaky_relu}) {
      for (const bool has_bias : {false, true}) {
        const std::vector<float> c =
            multiply(shape, a, b, false, false, has_bias ? bias.data() : nullptr, activation, 2);
        for (std::size_t i = 0; i < c.size(); ++i) {
          const double v = sums[i] + (has_bias ? static_cast<double>(bias[i % n]) : 0);
          ASSERT_NEAR(c[i], activated(v, activation, 0.3f), 2e-3 / (k > 100 ? 1 : 100));
        }
      }
    }
  }
}

TEST(NetworkProduct, DoesNotDependOnTheNumberOfThreads) {
  for (const Shape& shape : kShapes) {
    const auto& [m, n, k] = shape;
    const std::vector<float> a = normals(m * k, 6), b = normals(k * n, 7);
    const auto with = [&](unsigned threads) {
      return multiply(shape, a, b, true, true, nullptr, Activation::sigmoid, threads);
    };
    EXPECT_EQ(with(1), with(3));
  }
}

TEST(NetworkProduct, KeepsNaNAndHandlesInfinityInActivations) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity(), kNaN = std::numeric_limits<float>::quiet_NaN();
  const float one = 1, values[] = {kNaN, kInfinity, -kInfinity, -100, 100};
  const DenseRows left(&one, 1), right(values, 5);
  MatrixMultiplier multiplier(1);
  float c[5];
  multiplier.multiply({1, 5, 1, left, false, right, false, Grid::matrix(c, 5), nullptr, Activation::sigmoid});
  EXPECT_TRUE(std::isnan(c[0]));
  EXPECT_EQ(c[1], 1);
  EXPECT_NEAR(c[2], 0, 1e-37);
  EXPECT_NEAR(c[3], 0, 1e-37);
  EXPECT_EQ(c[4], 1);
  multiplier.multiply({1, 5, 1, left, false, right, false, Grid::matrix(c, 5), nullptr, Activation::relu});
  EXPECT_TRUE(std::isnan(c[0]));
  EXPECT_EQ(c[1], kInfinity);
  EXPECT_EQ(c[2], 0);
  multiplier.multiply({1, 5, 1, left, false, right, false, Grid::matrix(c, 5), nullptr, Activation::elu});
  EXPECT_TRUE(std::isnan(c[0]));
  EXPECT_EQ(c[2], -1);
}

std::size_t window_places(std::size_t size, std::size_t filter, std::size_t stride, std::ptrdiff_t before,
                          std::size_t after) {
  const std::ptrdiff_t room = static_cast<std::ptrdiff_t>(size + after) + before - static_cast<std::ptrdiff_t>(filter);
  return room < 0 ? 0 : static_cast<std::size_t>(room) / stride + 1;
}

// Calls visit(index of x, index of the filter, index of y) for every term of the convolution's sum.
template <class Visit>
void for_terms(const Convolution& c, Visit visit) {
  const auto& [input, window, channels] = c;
  for (std::size_t n = 0; n < input.count; ++n) {
    for (std::size_t i = 0; i < window.rows; ++i) {
      for (std::size_t j = 0; j < window.columns; ++j) {
        for (std::size_t u = 0; u < window.height; ++u) {
          for (std::size_t v = 0; v < window.width; ++v) {
            const auto y = static_cast<std::ptrdiff_t>(i * window.stride_y + u) - window.top;
            const auto x = static_cast<std::ptrdiff_t>(j * window.stride_x + v) - window.left;
            if (y < 0 || x < 0 || y >= static_cast<std::ptrdiff_t>(input.height) ||
                x >= static_cast<std::ptrdiff_t>(input.width))
              continue;
            const std::size_t pixel =
                (n * input.height + static_cast<std::size_t>(y)) * input.width + static_cast<std::size_t>(x);
            for (std::size_t ic = 0; ic < input.channels; ++ic) {
              for (std::size_t oc = 0; oc < channels; ++oc) {
                visit(pixel * input.channels + ic, ((u * window.width + v) * input.channels + ic) * channels + oc,
                      ((n * window.rows + i) * window.columns + j) * channels + oc);
              }
            }
          }
        }
      }
    }
  }
}

void compare(const std::vector<float>& values, const std::vector<double>& expected, const char* what) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    ASSERT_NEAR(values[i], expected[i], 1e-4 + 1e-5 * std::abs(expected[i])) << what << " at " << i;
  }
}

std::vector<Convolution> convolutions() {
  std::vector<Convolution> all;
  const auto add = [&](Images input, std::size_t filter_height, std::size_t filter_width, std::size_t sy,
                       std::size_t sx, std::ptrdiff_t top, std::size_t bottom, std::ptrdiff_t left, std::size_t right,
                       std::size_t channels) {
    all.push_back(
        {input,
         {filter_height, filter_width, sy, sx, top, left, window_places(input.height, filter_height, sy, top, bottom),
          window_places(input.width, filter_width, sx, left, right)},
         channels});
  };
  add({2, 7, 6, 1}, 3, 3, 1, 1, 1, 1, 1, 1, 1);
  add({2, 28, 28, 1}, 5, 5, 2, 2, 1, 2, 1, 2, 32);
  add({3, 14, 13, 32}, 5, 5, 2, 2, 1, 2, 2, 2, 17);
  add({1, 9, 11, 3}, 2, 4, 3, 1, 0, 0, 0, 0, 5);
  add({2, 5, 5, 4}, 1, 1, 1, 1, 0, 0, 0, 0, 3);
  add({1, 8, 8, 2}, 2, 2, 3, 3, 0, 0, 0, 0, 2);
  add({1, 3, 3, 2}, 5, 5, 1, 1, 4, 4, 4, 4, 3);
  add({1, 4, 4, 1}, 3, 3, 2, 2, 3, 5, 2, 4, 2);
  add({1, 2, 2, 1}, 3, 3, 1, 1, 0, 0, 0, 0, 1);
  add({0, 4, 4, 2}, 3, 3, 1, 1, 1, 1, 1, 1, 2);
  add({3, 20, 20, 2}, 3, 3, 1, 1, 1, 1, 1, 1, 2);
  add({6, 32, 32, 1}, 3, 3, 1, 1, 1, 1, 1, 1, 4);
  return all;
}

TEST(NetworkConvolution, AndItsGradientsEqualTheSumsOfTheirDefinition) {
  for (const Convolution& c : convolutions()) {
    const std::vector<float> x = normals(c.input.size(), 1), filter = normals(c.filter_size(), 2),
                             dy = normals(c.output().size(), 3);
    std::vector<double> y(dy.size()), dx(x.size()), df(filter.size());
    for_terms(c, [&](std::size_t at_x, std::size_t at_filter, std::size_t at_y) {
      const auto term = [](float a, float b) { return static_cast<double>(a) * static_cast<double>(b); };
      y[at_y] += term(x[at_x], filter[at_filter]);
      dx[at_x] += term(dy[at_y], filter[at_filter]);
      df[at_filter] += term(dy[at_y], x[at_x]);
    });
    for (const unsigned threads : {1u, 3u}) {
      MatrixMultiplier multiplier(threads);
      std::vector<float> found_y(y.size(), -7), found_dx(x.size(), -7), found_df(filter.size(), -7);
      convolve(c, x.data(), filter.data(), nullptr, Activation::linear, 0, found_y.data(), multiplier);
      convolve_back_to_input(c, dy.data(), filter.data(), found_dx.data(), multiplier);
      convolve_back_to_filter(c, x.data(), dy.data(), found_df.data(), multiplier);
      compare(found_y, y, "y");
      compare(found_dx, dx, "dx");
      compare(found_df, df, "df");
    }
  }
}

TEST(NetworkConvolution, AddsABiasAndActivates) {
  const Convolution c = convolutions()[2];
  const std::vector<float> x = normals(c.input.size(), 1), filter = normals(c.filter_size(), 2),
                           bias = normals(c.out_channels, 4);
  std::vector<float> plain(c.output().size()), finished(c.output().size());
  MatrixMultiplier multiplier(2);
  convolve(c, x.data(), filter.data(), nullptr, Activation::linear, 0, plain.data(), multiplier);
  convolve(c, x.data(), filter.data(), bias.data(), Activation::leaky_relu, 0.1f, finished.data(), multiplier);
  for (std::size_t i = 0; i < plain.size(); ++i) {
    const double v = static_cast<double>(plain[i]) + static_cast<double>(bias[i % c.out_channels]);
    EXPECT_NEAR(finished[i], v < 0 ? 0.1 * v : v, 1e-4);
  }
}

TEST(NetworkSum, OfRowsAddsUpEachColumn) {
  for (const auto& [rows, cols] : {std::pair<std::size_t, std::size_t>{0, 3},
                                   {1, 1},
                                   {3, 1},
                                   {100003, 1},
                                   {7, 5},
                                   {5000, 33},
                                   {3, 40000},
                                   {0, 1},
                                   {4, 0}}) {
    const std::vector<float> x = normals(rows * cols, 9);
    std::vector<double> expected(cols);
    for (std::size_t i = 0; i < x.size(); ++i) expected[i % cols] += 0.5 * static_cast<double>(x[i]);
    std::vector<float> previous;
    for (const unsigned threads : {1u, 3u}) {
      ThreadTeam team(threads);
      std::vector<float> sums(cols, -7);
      sum_rows(x.data(), rows, cols, 0.5f, sums.data(), team);
      for (std::size_t j = 0; j < cols; ++j) ASSERT_NEAR(sums[j], expected[j], 1e-3) << rows << " x " << cols;
      if (threads > 1) {
        EXPECT_EQ(sums, previous);
      }
      previous = sums;
    }
  }
}

TEST(NetworkAdam, TakesThePublishedStep) {
  const AdamStep step{0.01f, 0.9f, 0.99f, 1e-7f, 0.271f, 0.0199f};
  for (const std::size_t count : {0, 1, 16, 33, 40001}) {
    const std::vector<float> gradient = normals(count, 1), value = normals(count, 2), first = normals(count, 3);
    std::vector<float> second = normals(count, 4), after[3];
    for (float& v : second) v *= v;
    for (auto& values : after) values.assign(count, -7);
    ThreadTeam team(2);
    step_adam(step, gradient.data(), {value.data(), first.data(), second.data()},
              {after[0].data(), after[1].data(), after[2].data()}, count, team);
    for (std::size_t i = 0; i < count; ++i) {
      const auto g = static_cast<double>(gradient[i]);
      const double m = 0.9 * static_cast<double>(first[i]) + 0.1 * g,
                   v = 0.99 * static_cast<double>(second[i]) + 0.01 * g * g;
      ASSERT_NEAR(after[1][i], m, 1e-6);
      ASSERT_NEAR(after[2][i], v, 1e-5);
      const double change = 0.01 * (m / 0.271) / (std::sqrt(v / 0.0199) + 1e-7);
      ASSERT_NEAR(after[0][i], static_cast<double>(value[i]) - change, 1e-5 * (1 + std::abs(change)));
    }
  }
}

// A slow reference: the normalization and its gradients by their formulas, in float64.
struct SlowNormalization {
  std::vector<double> y, mean, variance, dx, dgamma, dbeta;

  SlowNormalization(const Normalization& normalization, const std::vector<float>& dy) {
    const auto& [rows, cols, epsilon, x, gamma, beta] = normalization;
    const auto count = static_cast<double>(rows);
    y.resize(rows * cols);
    dx.resize(rows * cols);
    for (auto* column : {&mean, &variance, &dgamma, &dbeta}) column->resize(cols);
    for (std::size_t j = 0; j < cols; ++j) {
      const auto at = [&](std::size_t i) { return static_cast<double>(x[i * cols + j]); };
      const double scale = static_cast<double>(gamma[j]), shift = static_cast<double>(beta[j]);
      for (std::size_t i = 0; i < rows; ++i) mean[j] += at(i) / count;
      for (std::size_t i = 0; i < rows; ++i) variance[j] += (at(i) - mean[j]) * (at(i) - mean[j]) / count;
      const double deviation = std::sqrt(variance[j] + static_cast<double>(epsilon));
      const auto normal = [&](std::size_t i) { return (at(i) - mean[j]) / deviation; };
      const auto gradient = [&](std::size_t i) {
        return scale * normal(i) + shift > 0 ? static_cast<double>(dy[i * cols + j]) : 0;
      };
      for (std::size_t i = 0; i < rows; ++i) {
        y[i * cols + j] = std::max(0.0, scale * normal(i) + shift);
        dbeta[j] += gradient(i);
        dgamma[j] += gradient(i) * normal(i);
      }
      for (std::size_t i = 0; i < rows; ++i) {
        dx[i * cols + j] = scale / deviation * (gradient(i) - dbeta[j] / count - normal(i) * dgamma[j] / count);
      }
    }
  }
};

TEST(NetworkNormalization, AgreesWithItsFormulas) {
  for (const auto& [rows, cols] :
       {std::pair<std::size_t, std::size_t>{2, 3}, {1, 5}, {1000, 32}, {700, 37}, {20000, 1}, {3, 20000}}) {
    std::vector<float> x = normals(rows * cols, 1);
    // The means are far from 0 compared with the spread.
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = 0.1f * x[i] + 5.0f;
    const std::vector<float> gamma = normals(cols, 2), beta = normals(cols, 3), dy = normals(rows * cols, 4);
    const Normalization normalization{rows, cols, 1e-3f, x.data(), gamma.data(), beta.data()};
    const SlowNormalization expected(normalization, dy);
    std::vector<float> previous;
    for (const unsigned threads : {1u, 3u}) {
      ThreadTeam team(threads);
      std::vector<float> y(rows * cols), dx(rows * cols), mean(cols), variance(cols), dgamma(cols), dbeta(cols);
      normalize(normalization, y.data(), mean.data(), variance.data(), team);
      normalize_back(normalization, mean.data(), variance.data(), dy.data(), {dx.data(), dgamma.data(), dbeta.data()},
                     team);
      for (std::size_t j = 0; j < cols; ++j) {
        ASSERT_NEAR(mean[j], expected.mean[j], 1e-5) << rows << " x " << cols;
        ASSERT_NEAR(variance[j], expected.variance[j], 1e-5);
      }
      std::size_t far = 0;
      for (std::size_t i = 0; i < x.size(); ++i) {
        ASSERT_NEAR(y[i], expected.y[i], 2e-4);
        // A value within rounding errors of 0 before the ReLU may or may not pass on its gradient.
        if (expected.y[i] > 1e-3 || expected.y[i] == 0)
          far += std::abs(static_cast<double>(dx[i]) - expected.dx[i]) > 0.02;
      }
      EXPECT_LE(far, x.size() / 1000 + (rows < 10 ? 20 : 0));
      if (threads > 1) {
        EXPECT_EQ(dx, previous);
      }
      previous = dx;
    }
  }
}

TEST(NetworkWeights, HaveThePublishedVariancesAndDivergence) {
  for (const std::size_t count : {0, 1, 16, 40, 40001}) {
    const std::vector<float> mean = normals(count, 1), dvariance = normals(count, 2);
    std::vector<float> rho = normals(count, 3), variance(count), drho(count), dmean(count), divergence_drho(count);
    for (float& v : rho) v = 4 * v - 4;
    const double prior = 0.3;
    ThreadTeam team(2);
    weight_variances(rho.data(), count, variance.data(), team);
    weight_variances_back(rho.data(), dvariance.data(), count, drho.data(), team);
    const float kl = weight_divergence(mean.data(), rho.data(), count, 0.3f, team);
    weight_divergence_back(mean.data(), rho.data(), count, 0.3f, 2.0f, dmean.data(), divergence_drho.data(), team);
    double expected = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const auto r = static_cast<double>(rho[i]), m = static_cast<double>(mean[i]);
      const double sigma = std::log1p(std::exp(r)), slope = 1 / (1 + std::exp(-r));
      ASSERT_NEAR(variance[i] / (sigma * sigma), 1, 1e-5) << r;
      const double change = 2 * sigma * slope * static_cast<double>(dvariance[i]);
      ASSERT_NEAR(drho[i], change, 1e-5 * std::abs(change) + 1e-12);
      ASSERT_NEAR(dmean[i], 2 * m / (prior * prior), 1e-4);
      const double by_rho = 2 * (sigma / (prior * prior) - 1 / sigma) * slope;
      ASSERT_NEAR(divergence_drho[i], by_rho, 1e-4 * (1 + std::abs(by_rho)));
      expected += std::log(prior / sigma) + (m * m + sigma * sigma) / (2 * prior * prior) - 0.5;
    }
    EXPECT_NEAR(kl, expected, 1e-5 * std::abs(expected));
  }
}

TEST(NetworkNormals, AgreeWithThePolarMethod) {
  const std::array<std::uint32_t, 4> start{1, 2, 3, 0x80000000u};
  std::array<std::uint32_t, 4> slow = start;
  const auto next = [&] {
    auto& [a, b, c, d] = slow;
    const std::uint32_t result = std::rotl(a + d, 7) + a, shifted = b << 9;
    c ^= a, d ^= b, b ^= c, a ^= d, c ^= shifted, d = std::rotl(d, 11);
    return static_cast<double>(result) * 0x1p-31 - 1;
  };
  constexpr std::size_t kCount = 20001;
  std::vector<double> expected(kCount + 1);
  for (std::size_t i = 0; i < kCount;) {
    const double x = next(), y = next(), square = x * x + y * y;
    if (square >= 1 || square == 0) continue;
    const double scale = std::sqrt(-2 * std::log(square) / square);
    expected[i++] = x * scale;
    expected[i++] = y * scale;
  }
  std::array<std::uint32_t, 4> state = start;
  std::vector<float> values(kCount + 1, -7);
  draw_normals(state, values.data(), kCount);
  EXPECT_EQ(state, slow);
  EXPECT_EQ(values.back(), -7);
  for (std::size_t i = 0; i < kCount; ++i) ASSERT_NEAR(values[i], expected[i], 1e-4) << i;
}

}  // namespace
}  // namespace sigma
