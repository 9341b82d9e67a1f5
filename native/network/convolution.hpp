#pragma once

#include "product.hpp"

namespace sigma {

// A two-dimensional convolution (cross-correlation, the usual operation in networks), channels last:
// y(n, i, j, o) = sum over (u, v, c) of x(n, i * stride - top + u, j * stride - left + v, c) * filter(u, v, c, o),
// where `window` has the rows and columns of y, and x is zero outside of its bounds.
struct Convolution {
  Images input;
  Window window;
  std::size_t out_channels;

  Images output() const { return {input.count, window.rows, window.columns, out_channels}; }
  std::size_t filter_size() const { return window.height * window.width * input.channels * out_channels; }
};

// y = activation(x * filter + bias). `bias` has one number per channel of y, or is null.
void convolve(const Convolution& convolution, const float* x, const float* filter, const float* bias,
              Activation activation, float slope, float* y, MatrixMultiplier& multiplier);

// The gradient of the sum of y * dy with respect to x. This is also called transposed convolution.
void convolve_back_to_input(const Convolution& convolution, const float* dy, const float* filter, float* dx,
                            MatrixMultiplier& multiplier);

// The gradient of the sum of y * dy with respect to the filter.
void convolve_back_to_filter(const Convolution& convolution, const float* x, const float* dy, float* dfilter,
                             MatrixMultiplier& multiplier);

}  // namespace sigma
