#pragma once

#include <napi.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "../neighbors/gaussians.hpp"
#include "errors.hpp"

namespace sigma::addon {

// A Matrix {data, rows, cols} of src/matrix.ts, seen in place. It is valid while JavaScript cannot run.
struct MatrixView {
  NumberView numbers;
  std::size_t rows, cols;
};

// Throws a TypeError where the value is none; the library's own checks come before this.
MatrixView view_matrix(const Napi::Value& value);

// The same of a matrix that must have this shape.
MatrixView view_matrix(const Napi::Value& value, std::size_t rows, std::size_t cols);

// Copies a Uint32Array of so many numbers below `bound`. They are checked in the copy: memory that the array shares
// with other threads may have changed since the library looked at it.
std::vector<std::uint32_t> copy_indices(const Napi::Value& value, std::size_t count, std::size_t bound);

// One number, or an array of numbers.
std::vector<double> read_numbers(const Napi::Value& value);

// A typed array of the same numbers.
template <class Array, class T>
Array to_array(Napi::Env env, const std::vector<T>& numbers) {
  auto array = Array::New(env, numbers.size());
  std::copy(numbers.begin(), numbers.end(), array.Data());
  return array;
}

}  // namespace sigma::addon
