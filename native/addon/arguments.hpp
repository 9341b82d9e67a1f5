#pragma once

#include <napi.h>

#include <cstddef>
#include <vector>

#include "../neighbors/gaussians.hpp"

namespace sigma::addon {

// A Matrix {data, rows, cols} of src/matrix.ts, seen in place. It is valid while JavaScript cannot run.
struct MatrixView {
  NumberView numbers;
  std::size_t rows, cols;
};

// Throws a TypeError where the value is none; the library's own checks come before this.
MatrixView view_matrix(const Napi::Value& value);

// One number, or an array of numbers.
std::vector<double> read_numbers(const Napi::Value& value);

}  // namespace sigma::addon
