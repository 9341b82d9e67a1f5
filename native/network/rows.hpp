#pragma once

#include <cstddef>

namespace sigma {

// A float32 matrix that is read in stretches, independently of how its elements are stored.
class Rows {
 public:
  virtual ~Rows() = default;
  // Returns a pointer to elements [first, first + count) of a row. If they are not contiguous in memory, they are
  // copied to `room`, which has at least `count` elements, and the pointer is `room`.
  virtual const float* read(std::size_t row, std::size_t first, std::size_t count, float* room) const = 0;
};

// A matrix stored row by row, with `stride` elements from one row to the next.
class DenseRows final : public Rows {
 public:
  DenseRows(const float* data, std::size_t stride) : data_(data), stride_(stride) {}
  const float* read(std::size_t row, std::size_t first, std::size_t, float*) const override {
    return data_ + row * stride_ + first;
  }

 private:
  const float* data_;
  std::size_t stride_;
};

// A batch of images, channels last.
struct Images {
  std::size_t count, height, width, channels;
  std::size_t size() const { return count * height * width * channels; }
};

// The patches of `images` under a window of height x width that moves by the strides. There is one row for each of the
// rows x columns positions in each image, with elements in the order (y, x, channel). Pixels outside the image are
// zero.
struct Window {
  std::size_t height, width;
  std::size_t stride_y, stride_x;
  // Rows and columns by which the first position extends beyond the edge of the image. Negative if it begins inside.
  std::ptrdiff_t top, left;
  std::size_t rows, columns;
};

class PatchRows final : public Rows {
 public:
  PatchRows(const float* data, const Images& images, const Window& window)
      : data_(data), images_(images), window_(window) {}
  const float* read(std::size_t row, std::size_t first, std::size_t count, float* room) const override;

 private:
  const float* data_;
  Images images_;
  Window window_;
};

// The memory for the rows of a result: row i = (n, y, x) of a grid of `rows` x `columns` per image.
struct Grid {
  float* data;
  std::size_t rows, columns;
  std::size_t image_stride, row_stride, column_stride;

  // The grid of a plain matrix.
  static Grid matrix(float* data, std::size_t stride) { return {data, 1, 1, stride, 0, 0}; }
  float* at(std::size_t i) const {
    const std::size_t x = i % columns, rest = i / columns;
    return data + rest / rows * image_stride + rest % rows * row_stride + x * column_stride;
  }
};

}  // namespace sigma
