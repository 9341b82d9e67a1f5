#include "convolution.hpp"

#include <algorithm>

namespace sigma {
namespace {

// The lines of a filter along one axis that start at `first` and are `stride` apart.
struct Comb {
  std::size_t first, stride, count;
  // The filter's line for tap i. The order is reversed: the last line comes first.
  std::size_t line(std::size_t i) const { return first + stride * (count - 1 - i); }
};

// The transposed filter: for each channel of x, the numbers at the taps of two combs, for all channels of y.
class FilterRows final : public Rows {
 public:
  FilterRows(const float* data, const Convolution& convolution, Comb y, Comb x)
      : data_(data),
        width_(convolution.window.width),
        in_channels_(convolution.input.channels),
        out_channels_(convolution.out_channels),
        y_(y),
        x_(x) {}

  const float* read(std::size_t row, std::size_t first, std::size_t count, float* room) const override {
    std::size_t tap = first / out_channels_, within = first % out_channels_;
    float* to = room;
    while (count > 0) {
      const std::size_t length = std::min(out_channels_ - within, count);
      const std::size_t line = y_.line(tap / x_.count) * width_ + x_.line(tap % x_.count);
      const float* from = data_ + (line * in_channels_ + row) * out_channels_ + within;
      if (length == count && to == room) return from;
      to = std::copy_n(from, length, to);
      count -= length;
      within = 0;
      ++tap;
    }
    return room;
  }

 private:
  const float* data_;
  std::size_t width_, in_channels_, out_channels_;
  Comb y_, x_;
};

// The lines of x, along one axis, whose index has the remainder `phase` modulo the stride. They only meet every
// stride-th line of the filter. Their gradient is therefore an ordinary convolution of dy with this comb in reverse
// order.
struct Phase {
  Comb comb;
  // The number of lines of x.
  std::size_t count;
  std::ptrdiff_t overhang;

  Phase(std::size_t phase, std::size_t stride, std::ptrdiff_t before, std::size_t filter, std::size_t size) {
    const auto step = static_cast<std::ptrdiff_t>(stride);
    const std::ptrdiff_t at = static_cast<std::ptrdiff_t>(phase) + before;
    const std::ptrdiff_t first = (at % step + step) % step;
    const auto begin = static_cast<std::size_t>(first);
    comb = {begin, stride, begin < filter ? (filter - begin + stride - 1) / stride : 0};
    count = phase < size ? (size - phase + stride - 1) / stride : 0;
    overhang = static_cast<std::ptrdiff_t>(comb.count) - 1 - (at - first) / step;
  }
};

}  // namespace

void convolve(const Convolution& convolution, const float* x, const float* filter, const float* bias,
              Activation activation, float slope, float* y, MatrixMultiplier& multiplier) {
  const auto& [input, window, channels] = convolution;
  const PatchRows patches(x, input, window);
  const DenseRows filters(filter, channels);
  multiplier.multiply({.m = input.count * window.rows * window.columns,
                       .n = channels,
                       .k = window.height * window.width * input.channels,
                       .left = patches,
                       .left_by_depth = false,
                       .right = filters,
                       .right_by_column = false,
                       .out = Grid::matrix(y, channels),
                       .bias = bias,
                       .activation = activation,
                       .slope = slope});
}

void convolve_back_to_input(const Convolution& convolution, const float* dy, const float* filter, float* dx,
                            MatrixMultiplier& multiplier) {
  const auto& [input, window, channels] = convolution;
  const std::size_t line = input.width * input.channels;
  for (std::size_t py = 0; py < window.stride_y; ++py) {
    const Phase y(py, window.stride_y, window.top, window.height, input.height);
    for (std::size_t px = 0; px < window.stride_x; ++px) {
      const Phase x(px, window.stride_x, window.left, window.width, input.width);
      const Window reach{.height = y.comb.count,
                         .width = x.comb.count,
                         .stride_y = 1,
                         .stride_x = 1,
                         .top = y.overhang,
                         .left = x.overhang,
                         .rows = y.count,
                         .columns = x.count};
      const PatchRows patches(dy, convolution.output(), reach);
      const FilterRows filters(filter, convolution, y.comb, x.comb);
      const Grid out{.data = dx + py * line + px * input.channels,
                     .rows = y.count,
                     .columns = x.count,
                     .image_stride = input.height * line,
                     .row_stride = window.stride_y * line,
                     .column_stride = window.stride_x * input.channels};
      multiplier.multiply({.m = input.count * y.count * x.count,
                           .n = input.channels,
                           .k = y.comb.count * x.comb.count * channels,
                           .left = patches,
                           .left_by_depth = false,
                           .right = filters,
                           .right_by_column = true,
                           .out = out});
    }
  }
}

void convolve_back_to_filter(const Convolution& convolution, const float* x, const float* dy, float* dfilter,
                             MatrixMultiplier& multiplier) {
  const auto& [input, window, channels] = convolution;
  const PatchRows patches(x, input, window);
  const DenseRows gradients(dy, channels);
  multiplier.multiply({.m = window.height * window.width * input.channels,
                       .n = channels,
                       .k = input.count * window.rows * window.columns,
                       .left = patches,
                       .left_by_depth = true,
                       .right = gradients,
                       .right_by_column = false,
                       .out = Grid::matrix(dfilter, channels)});
}

}  // namespace sigma
