#pragma once

#include <cstddef>

#include "../support/isa.hpp"

namespace sigma {

// The function that is applied to the elements of a product after summation.
enum class Activation { linear, relu, relu6, sigmoid, elu, leaky_relu };

// The largest part of a product that one thread computes at once. Its two blocks of the factors stay in the
// second-level cache of the thread.
struct ProductBlock {
  static constexpr std::size_t kRows = 144, kCols = 128, kDepth = 256;
  // Distance between the rows of a left block. It is not a power of two, because rows would then share few sets of the
  // cache.
  static constexpr std::size_t kStride = kDepth + 16;
};

// The parameters of one step of Adam (Kingma & Ba 2015, algorithm 1). The corrections are 1 - beta^t.
struct AdamStep {
  float rate, beta1, beta2, epsilon, correction1, correction2;
};

// The numbers of a normalization for every column: y = max(0, scale * x + shift), and the mean of x.
struct NormalizationColumns {
  const float *scale, *shift, *mean;
};

// Left blocks are packed row by row, with element (i, k) at kStride * i + k, or by depth: in panels of `tile_rows`
// rows, column by column within a panel. Right blocks are packed in panels of `panel_cols` columns, row by row within a
// panel. Panels are kDepth long.
struct NetworkKernels {
  std::size_t tile_rows, panel_cols, lanes;
  // Distributes `count` numbers to panels of the given width: number i goes to to[kDepth * width * (i / width) + i %
  // width].
  void (*spread)(const float* from, std::size_t count, std::size_t width, float* to);
  // to[panel_cols * k + j] = columns[j][k] for k < depth and all j < lanes.
  void (*transpose)(const float* const* columns, std::size_t depth, float* to);
  // c[i][j] = sum over k < depth of left (i, k) times right (k, j). If `adds` is set, it is added to the previous
  // c[i][j].
  void (*multiply)(const float* left, bool by_depth, const float* right, std::size_t rows, std::size_t cols,
                   std::size_t depth, float* const* c, bool adds);
  // row[j] = activation(row[j] + bias[j]). `bias` may be null. `slope` is the slope of leaky_relu below zero.
  void (*finish)(float* row, const float* bias, std::size_t count, Activation activation, float slope);
  // sums[j] += row[j]
  void (*add)(const float* row, std::size_t count, float* sums);
  double (*total)(const float* values, std::size_t count);
  // Computes the moments and values after a step of Adam from those before the step.
  void (*step)(const AdamStep& step, const float* gradient, const float* const* before, float* const* after,
               std::size_t count);
  // squares[j] += (x[i][j] - center[j])^2 for all i < rows. Here and below, x has `cols` columns.
  void (*add_squares)(const float* x, std::size_t rows, std::size_t cols, const float* center, float* squares);
  // y[i][j] = max(0, scale[j] * x[i][j] + shift[j]).
  void (*scale_rows)(const float* x, std::size_t rows, std::size_t cols, const float* scale, const float* shift,
                     float* y);
  // With g = dy if y > 0 and 0 otherwise: sums[j] += g, products[j] += g * (x - mean[j]).
  void (*sum_gradients)(const float* x, const float* dy, std::size_t rows, std::size_t cols,
                        const NormalizationColumns& columns, float* sums, float* products);
  // With the same g: dx = scale[j] * g + offset[j] + slope[j] * (x - mean[j]).
  void (*spread_gradients)(const float* x, const float* dy, std::size_t rows, std::size_t cols,
                           const NormalizationColumns& columns, const float* offset, const float* slope, float* dx);
  // to[i] = softplus(rho[i])^2, and the gradient with respect to rho.
  void (*square_softplus)(const float* rho, std::size_t count, float* to);
  void (*square_softplus_back)(const float* rho, const float* dy, std::size_t count, float* drho);
  // The sum of (mean^2 + sigma^2) / (2 prior^2) - log sigma with sigma = softplus(rho), and its gradients multiplied by
  // dy.
  double (*divergence)(const float* mean, const float* rho, std::size_t count, float prior);
  void (*divergence_back)(const float* mean, const float* rho, std::size_t count, float prior, float dy, float* dmean,
                          float* drho);
  // Multiplies both coordinates of point i by sqrt(-2 log(squares[i]) / squares[i]), where 0 < squares[i] <= 1.
  void (*scale_polar)(const float* squares, std::size_t count, float* points);
};

SIGMA_DECLARE_KERNELS(NetworkKernels, network_kernels)

}  // namespace sigma
