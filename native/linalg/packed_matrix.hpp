#pragma once

#include <cstddef>

#include "../support/aligned.hpp"

namespace sigma {

// A float32 matrix in blocks of 64 rows. Each block is stored column by column: 64 values of column 0, then 64 of
// column 1, and so on. A vector register then holds one column of neighboring rows, as distances, projections and Gram
// matrices need it. The unused rows of the last block are zero.
class PackedMatrix {
 public:
  static constexpr std::size_t kBlock = 64;

  PackedMatrix() = default;
  PackedMatrix(std::size_t rows, std::size_t cols)
      : rows_(rows), cols_(cols), values_((rows + kBlock - 1) / kBlock * kBlock * cols, 0.0f) {}

  std::size_t rows() const { return rows_; }
  std::size_t cols() const { return cols_; }
  std::size_t blocks() const { return (rows_ + kBlock - 1) / kBlock; }
  // cols() x 64 values, column-major.
  float* block(std::size_t b) { return values_.data() + b * kBlock * cols_; }
  const float* block(std::size_t b) const { return values_.data() + b * kBlock * cols_; }

  float& at(std::size_t row, std::size_t col) { return block(row / kBlock)[col * kBlock + row % kBlock]; }
  float at(std::size_t row, std::size_t col) const { return block(row / kBlock)[col * kBlock + row % kBlock]; }

 private:
  std::size_t rows_ = 0, cols_ = 0;
  AlignedVector<float> values_;
};

}  // namespace sigma
