#pragma once

#include "product.hpp"

namespace sigma {

// A two-dimensional convolution (cross-correlation, as networks use it), channels last:
// y(n, i, j, o) = sum over (u, v, c) of x(n, i * stride - top + u, j * stride - left + v, c) * filter(u, v, c, o),
// where `window` has one row and column for each of y's, and x is zero outside.
struct Convolution {
  Images input;
  Window window;
  std::size_t out_channels;

  Images output() const { return {input.count, window.rows, window.columns, out_channels}; }
  std::size_t filter_size() const { return window.height * window.width * input.channels * out_channels; }
};

// y = activation(x * filter + bias); bias has a number for each channel of y, or is null.
void convolve(const Convolution& convolution, const float* x, const float* filter, const float* bias,
              Activation activation, float slope, float* y, MatrixMultiplier& multiplier);

// The gradient of the sum of y * dy by x: also what is called transposed convolution.
void convolve_back_to_input(const Convolution& convolution, const float* dy, const float* filter, float* dx,
                            MatrixMultiplier& multiplier);

// The gradient of the sum of y * dy by the filter.
void convolve_back_to_filter(const Convolution& convolution, const float* x, const float* dy, float* dfilter,
                             MatrixMultiplier& multiplier);

}  // namespace sigma
