#pragma once

#include "../support/isa.hpp"
#include "packed_matrix.hpp"

namespace sigma {

struct MatrixKernels {
  // out[i * width + j] += sum over the 64 rows of a's column i times b's column j, for i < a_cols, j < b_cols.
  void (*add_gram)(const float* a, std::size_t a_cols, const float* b, std::size_t b_cols, double* out,
                   std::size_t width);
  // out (64 x k, column-major) = x (64 x d, column-major) times v (d x k, row-major).
  void (*project)(const float* x, std::size_t d, const float* v, std::size_t k, float* out);
};

SIGMA_DECLARE_KERNELS(MatrixKernels, matrix_kernels)

}  // namespace sigma
