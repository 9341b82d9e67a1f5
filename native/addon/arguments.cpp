#include "arguments.hpp"

#include <algorithm>
#include <limits>
#include <string>

#include "../neighbors/distance.hpp"

namespace sigma::addon {

MatrixView view_matrix(const Napi::Value& value) {
  const Napi::Env env = value.Env();
  if (!value.IsObject()) throw Napi::TypeError::New(env, "expected a matrix");
  const Napi::Object matrix = value.As<Napi::Object>();
  const Napi::Value data = matrix.Get("data");
  const double rows = matrix.Get("rows").ToNumber(), cols = matrix.Get("cols").ToNumber();
  if (!data.IsTypedArray() || !(rows >= 0 && cols >= 0 && rows < std::numeric_limits<std::int32_t>::max())) {
    throw Napi::TypeError::New(env, "expected a matrix");
  }
  const auto array = data.As<Napi::TypedArray>();
  if (static_cast<double>(array.ElementLength()) != rows * cols) {
    throw Napi::TypeError::New(env, "expected rows * cols numbers");
  }
  MatrixView view{{}, static_cast<std::size_t>(rows), static_cast<std::size_t>(cols)};
  if (array.TypedArrayType() == napi_float32_array) {
    view.numbers.f32 = data.As<Napi::Float32Array>().Data();
  } else if (array.TypedArrayType() == napi_float64_array) {
    view.numbers.f64 = data.As<Napi::Float64Array>().Data();
  } else {
    throw Napi::TypeError::New(env, "expected float32 or float64 data");
  }
  return view;
}

MatrixView view_matrix(const Napi::Value& value, std::size_t rows, std::size_t cols) {
  const MatrixView view = view_matrix(value);
  if (view.rows != rows || view.cols != cols)
    throw Napi::TypeError::New(value.Env(),
                               "expected a " + std::to_string(rows) + " x " + std::to_string(cols) + " matrix");
  return view;
}

std::vector<std::uint32_t> copy_indices(const Napi::Value& value, std::size_t count, std::size_t bound) {
  const Napi::Env env = value.Env();
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != napi_uint32_array) {
    throw Napi::TypeError::New(env, "expected a Uint32Array");
  }
  const auto array = value.As<Napi::Uint32Array>();
  if (array.ElementLength() != count) throw Napi::TypeError::New(env, "expected " + std::to_string(count) + " indices");
  std::vector<std::uint32_t> indices(array.Data(), array.Data() + count);
  if (std::any_of(indices.begin(), indices.end(), [bound](std::uint32_t index) { return index >= bound; })) {
    throw Napi::TypeError::New(env, "expected indices below " + std::to_string(bound));
  }
  return indices;
}

std::vector<std::uint64_t> copy_offsets(const Napi::Value& value, std::size_t count, std::size_t stored) {
  const Napi::Env env = value.Env();
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != napi_float64_array) {
    throw Napi::TypeError::New(env, "expected a Float64Array");
  }
  const auto array = value.As<Napi::Float64Array>();
  if (array.ElementLength() != count + 1) throw Napi::TypeError::New(env, "expected one offset per row and one more");
  std::vector<std::uint64_t> offsets;
  for (std::size_t i = 0; i <= count; ++i) {
    const double offset = array.Data()[i];
    const double least = i == 0 ? 0 : static_cast<double>(offsets.back());
    const double most = i == 0 ? 0 : static_cast<double>(stored);
    if (!(offset >= least && offset <= most)) throw Napi::TypeError::New(env, "expected ascending offsets");
    offsets.push_back(static_cast<std::uint64_t>(offset));
  }
  if (offsets.back() != stored) throw Napi::TypeError::New(env, "expected the last offset to be the number of values");
  return offsets;
}

Properties::Properties(const Napi::Value& object) {
  if (!object.IsObject()) throw Napi::TypeError::New(object.Env(), "expected an object");
  object_ = object.As<Napi::Object>();
}

double Properties::number(const char* name) const {
  const Napi::Value value = at(name);
  if (!value.IsNumber()) throw Napi::TypeError::New(env(), "expected a number for " + std::string(name));
  return value.As<Napi::Number>().DoubleValue();
}

bool Properties::flag(const char* name) const {
  const Napi::Value value = at(name);
  if (!value.IsBoolean()) throw Napi::TypeError::New(env(), "expected a boolean for " + std::string(name));
  return value.As<Napi::Boolean>().Value();
}

std::string Properties::text(const char* name) const {
  const Napi::Value value = at(name);
  if (!value.IsString()) throw Napi::TypeError::New(env(), "expected a string for " + std::string(name));
  return value.As<Napi::String>().Utf8Value();
}

std::vector<double> Properties::numbers(const char* name) const {
  const Napi::Value value = at(name);
  if (!value.IsArray()) return {number(name)};
  const auto list = value.As<Napi::Array>();
  std::vector<double> numbers;
  for (std::uint32_t i = 0; i < list.Length(); ++i) numbers.push_back(list.Get(i).ToNumber().DoubleValue());
  return numbers;
}

Gaussians pack_data(const Properties& arguments) {
  return about(arguments.env(), "data", [&] {
    const MatrixView data = view_matrix(arguments.at("data"));
    return pack_means(data.numbers, data.rows, data.cols);
  });
}

void pack_data_sigma(const Properties& arguments, Gaussians& points, double variance_floor) {
  about(arguments.env(), "sigma", [&] {
    const MatrixView sigma = view_matrix(arguments.at("sigma"), points.count(), points.input_dimensions());
    pack_sigma(points, sigma.numbers, variance_floor);
  });
}

CovarianceView view_covariance(const Properties& from, std::size_t count, std::size_t d) {
  CovarianceView view;
  const std::string form = from.text("form");
  if (form == "factors") view.form = CovarianceForm::factors;
  if (form == "draws") view.form = CovarianceForm::draws;
  view.inner = from.whole<std::size_t>("inner");
  view.numbers = view_matrix(from.at("numbers"), count, d * view.inner).numbers;
  if (from.has("sigma")) view.sigma = view_matrix(from.at("sigma"), count, d).numbers;
  if (view.inner < (view.form == CovarianceForm::draws ? 2u : 1u)) {
    throw Napi::TypeError::New(from.env(), "expected more numbers per covariance");
  }
  if (view.form == CovarianceForm::matrices && view.inner != d) {
    throw Napi::TypeError::New(from.env(), "expected square covariance matrices");
  }
  return view;
}

void set_variance_floor(Napi::Object result, const std::string& distance, const Gaussians& points) {
  // Neighbors that were given for points without standard deviations may come from a distance that has no name here.
  if (points.deviations.rows() == 0 || !traits_of(distance).has_floor()) return;
  if (points.variance_floor > 0) result.Set("varianceFloor", points.variance_floor);
}

void set_coordinate_spread(Napi::Object result, const std::string& distance, const Gaussians& points) {
  if (!points.coordinate_spread || traits_of(distance).spread != Spread::reliabilities) return;
  const auto& [center, variance, between] = *points.coordinate_spread;
  const auto in_units = [&](const std::vector<double>& values, double unit, bool is_centered) {
    auto array = Napi::Float64Array::New(result.Env(), values.size());
    for (std::size_t k = 0; k < values.size(); ++k) array[k] = values[k] * unit + (is_centered ? points.center[k] : 0);
    return array;
  };
  const double squared = points.scale * points.scale;
  Napi::Object spread = Napi::Object::New(result.Env());
  spread.Set("center", in_units(center, points.scale, true));
  spread.Set("variance", in_units(variance, squared, false));
  spread.Set("between", in_units(between, squared, false));
  result.Set("coordinateSpread", spread);
}

Napi::Value describe_far_value(Napi::Env env, const Gaussians& points) {
  if (!points.far_value) return env.Undefined();
  Napi::Object far = Napi::Object::New(env);
  far.Set("row", static_cast<double>(points.far_value->row));
  far.Set("column", static_cast<double>(points.far_value->column));
  far.Set("value", points.far_value->value);
  far.Set("times", points.far_value->times);
  return far;
}

}  // namespace sigma::addon
