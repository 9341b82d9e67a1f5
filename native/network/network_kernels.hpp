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
};

SIGMA_DECLARE_KERNELS(NetworkKernels, network_kernels)

}  // namespace sigma
