#pragma once

#include <cstddef>

#include "../support/isa.hpp"

namespace sigma {

// What a product's elements go through once they are summed.
enum class Activation { linear, relu, relu6, sigmoid, elu, leaky_relu };

// The most of a product that one thread works on at once: two blocks of the factors, which stay in its second-level
// cache.
struct ProductBlock {
  static constexpr std::size_t kRows = 144, kCols = 128, kDepth = 256;
  // A left block, row by row: rows lie apart by more than a power of two, or they would share few sets of the cache.
  static constexpr std::size_t kStride = kDepth + 16;
};

// A step of Adam (Kingma & Ba 2015, algorithm 1). The corrections are 1 - beta^t.
struct AdamStep {
  float rate, beta1, beta2, epsilon, correction1, correction2;
};

// What a normalization has for every column: y = max(0, scale * x + shift), and the mean of x.
struct NormalizationColumns {
  const float *scale, *shift, *mean;
};

// Left blocks are packed row by row, element (i, k) at kStride * i + k, or by depth, in panels of `tile_rows` rows,
// each column after column. Right blocks are packed in panels of `panel_cols` columns, each row after row. Panels are
// kDepth long.
struct NetworkKernels {
  std::size_t tile_rows, panel_cols, lanes;
  // Lays `count` numbers into panels `width` apart: number i goes to to[kDepth * width * (i / width) + i % width].
  void (*spread)(const float* from, std::size_t count, std::size_t width, float* to);
  // to[panel_cols * k + j] = columns[j][k] for k < depth and all j < lanes.
  void (*transpose)(const float* const* columns, std::size_t depth, float* to);
  // c[i][j] = the sum over k < depth of left (i, k) times right (k, j), added to what is there if `adds`.
  void (*multiply)(const float* left, bool by_depth, const float* right, std::size_t rows, std::size_t cols,
                   std::size_t depth, float* const* c, bool adds);
  // row[j] = activation(row[j] + bias[j]); bias may be null. `slope` is that of leaky_relu below zero.
  void (*finish)(float* row, const float* bias, std::size_t count, Activation activation, float slope);
  // sums[j] += row[j]
  void (*add)(const float* row, std::size_t count, float* sums);
  double (*total)(const float* values, std::size_t count);
  // The moments and values after the step from those before it.
  void (*step)(const AdamStep& step, const float* gradient, const float* const* before, float* const* after,
               std::size_t count);
  // squares[j] += (x[i][j] - center[j])^2 for all i < rows; x has `cols` columns, here and below.
  void (*add_squares)(const float* x, std::size_t rows, std::size_t cols, const float* center, float* squares);
  // y[i][j] = max(0, scale[j] * x[i][j] + shift[j]).
  void (*scale_rows)(const float* x, std::size_t rows, std::size_t cols, const float* scale, const float* shift,
                     float* y);
  // With g = dy where y > 0: sums[j] += g, products[j] += g * (x - mean[j]).
  void (*sum_gradients)(const float* x, const float* dy, std::size_t rows, std::size_t cols,
                        const NormalizationColumns& columns, float* sums, float* products);
  // dx = scale[j] * g + offset[j] + slope[j] * (x - mean[j]).
  void (*spread_gradients)(const float* x, const float* dy, std::size_t rows, std::size_t cols,
                           const NormalizationColumns& columns, const float* offset, const float* slope, float* dx);
  // to[i] = softplus(rho[i])^2, and its gradient.
  void (*square_softplus)(const float* rho, std::size_t count, float* to);
  void (*square_softplus_back)(const float* rho, const float* dy, std::size_t count, float* drho);
  // The sum of (mean^2 + sigma^2) / (2 prior^2) - log sigma with sigma = softplus(rho), and dy times its gradients.
  double (*divergence)(const float* mean, const float* rho, std::size_t count, float prior);
  void (*divergence_back)(const float* mean, const float* rho, std::size_t count, float prior, float dy, float* dmean,
                          float* drho);
  // Both coordinates of point i times sqrt(-2 log(squares[i]) / squares[i]), 0 < squares[i] <= 1.
  void (*scale_polar)(const float* squares, std::size_t count, float* points);
};

SIGMA_DECLARE_KERNELS(NetworkKernels, network_kernels)

}  // namespace sigma
