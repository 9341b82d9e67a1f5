#pragma once

#include <napi.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "../neighbors/covariances.hpp"
#include "../neighbors/gaussians.hpp"
#include "errors.hpp"

namespace sigma::addon {

// A view of a Matrix {data, rows, cols} of src/matrix.ts, without a copy. It is only valid until JavaScript runs again.
struct MatrixView {
  NumberView numbers;
  std::size_t rows, cols;
};

// Throws a TypeError for other values. src/ has already checked the arguments before the call.
MatrixView view_matrix(const Napi::Value& value);

// A view of a matrix that must have this shape.
MatrixView view_matrix(const Napi::Value& value, std::size_t rows, std::size_t cols);

// Copies a Uint32Array of `count` numbers below `bound`. The copy is checked, because the array may be in memory shared
// with other threads and may have changed after src/ checked it.
std::vector<std::uint32_t> copy_indices(const Napi::Value& value, std::size_t count, std::size_t bound);

// Copies the offsets of compressed rows from a Float64Array: count + 1 numbers, ascending from 0 to `stored`.
std::vector<std::uint64_t> copy_offsets(const Napi::Value& value, std::size_t count, std::size_t stored);

// The properties of an object, by name: the arguments of an addon function, or options among them. If a property has
// another type than requested, reading it throws a TypeError with its name.
class Properties {
 public:
  explicit Properties(const Napi::Value& object);

  Napi::Env env() const { return object_.Env(); }
  // Undefined if there is no such property.
  Napi::Value at(const char* name) const { return object_.Get(name); }
  // Whether the property exists and is not undefined.
  bool has(const char* name) const { return !at(name).IsUndefined(); }
  bool is_text(const char* name) const { return at(name).IsString(); }
  double number(const char* name) const;
  template <class Whole>
  Whole whole(const char* name) const {
    return static_cast<Whole>(number(name));
  }
  bool flag(const char* name) const;
  std::string text(const char* name) const;
  // Reads one number or an array of numbers.
  std::vector<double> numbers(const char* name) const;
  Properties object(const char* name) const { return Properties(at(name)); }

 private:
  Napi::Object object_;
};

// Packs the matrix `data` of the arguments. Errors name this argument.
Gaussians pack_data(const Properties& arguments);

// Adds the matrix `sigma` of the arguments to their data. Errors name this argument.
void pack_data_sigma(const Properties& arguments, Gaussians& points, double variance_floor);

// A view of the covariances {argument, numbers, form, inner, sigma} of `count` points with d columns, without a copy.
CovarianceView view_covariance(const Properties& from, std::size_t count, std::size_t d);

// Sets varianceFloor of the result to the floor in use, if the distance has a floor and it is known.
void set_variance_floor(Napi::Object result, const std::string& distance, const Gaussians& points);

// Sets coordinateSpread of the result to the spread in use, in the caller's units, if the distance has one.
void set_coordinate_spread(Napi::Object result, const std::string& distance, const Gaussians& points);

// Copies numbers to a typed array.
template <class Array, class T>
Array to_array(Napi::Env env, const std::vector<T>& numbers) {
  auto array = Array::New(env, numbers.size());
  std::copy(numbers.begin(), numbers.end(), array.Data());
  return array;
}

// {row, column, value, times}, or undefined.
Napi::Value describe_far_value(Napi::Env env, const Gaussians& points);

}  // namespace sigma::addon
