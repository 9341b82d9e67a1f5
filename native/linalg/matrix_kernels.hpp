#pragma once

#include <cstdint>

#include "../support/isa.hpp"
#include "packed_matrix.hpp"

namespace sigma {

struct MatrixKernels {
  // out[i * width + j] += dot product over the 64 rows of column i of a and column j of b, for i < a_cols, j < b_cols.
  void (*add_gram)(const float* a, std::size_t a_cols, const float* b, std::size_t b_cols, double* out,
                   std::size_t width);
  // out (64 x k, column-major) = x (64 x d, column-major) times v (d x k, row-major).
  void (*project)(const float* x, std::size_t d, const float* v, std::size_t k, float* out);
  // out (`width` numbers) = sum of values[e] times row columns[e] of v, for e < count. Rows of v have `width` numbers,
  // a multiple of 16. The sparse row is read once for every 64 columns of v, and these 64 sums stay in registers.
  void (*project_sparse)(const std::uint32_t* columns, const float* values, std::size_t count, const float* v,
                         std::size_t width, float* out);
  // Row columns[e] of `sums` += values[e] times y, for e < count. y and the rows have `width` numbers.
  void (*add_sparse_gram)(const std::uint32_t* columns, const float* values, std::size_t count, const float* y,
                          std::size_t width, float* sums);
};

SIGMA_DECLARE_KERNELS(MatrixKernels, matrix_kernels)

}  // namespace sigma
