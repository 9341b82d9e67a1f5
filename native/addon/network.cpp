#include "network.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <string>

#include "../network/convolution.hpp"
#include "../network/elementwise.hpp"
#include "../network/normalization.hpp"
#include "../network/normals.hpp"
#include "../network/weight_posterior.hpp"
#include "errors.hpp"

namespace sigma::addon {
namespace {

constexpr std::array<const char*, 6> kActivations{"linear", "relu", "relu6", "sigmoid", "elu", "leakyrelu"};

// The arguments of a call, by position, because reading the properties of an object takes longer than a small product.
// Each method names its positions in an enum. The first argument is the buffer that contains the tensors. Tensors are
// given by their byte offsets in the buffer.
class Call {
 public:
  explicit Call(const Napi::CallbackInfo& info) : info_(info) {
    if (!info[0].IsArrayBuffer()) throw Napi::TypeError::New(info.Env(), "expected an ArrayBuffer");
    auto heap = info[0].As<Napi::ArrayBuffer>();
    data_ = static_cast<std::uint8_t*>(heap.Data());
    bytes_ = heap.ByteLength();
  }

  Napi::Env env() const { return info_.Env(); }

  double number(std::size_t index) const {
    if (!info_[index].IsNumber()) throw Napi::TypeError::New(env(), "expected a number");
    return info_[index].As<Napi::Number>().DoubleValue();
  }

  bool flag(std::size_t index) const { return info_[index].ToBoolean(); }

  std::size_t count(std::size_t index) const {
    const double value = number(index);
    if (!(value >= 0 && value <= std::numeric_limits<std::int32_t>::max())) {
      throw Napi::RangeError::New(env(), "expected a number from 0 to 2147483647");
    }
    return static_cast<std::size_t>(value);
  }

  // The tensor of `size` float32 whose byte offset is argument `index`.
  float* tensor(std::size_t index, double size) const {
    const double offset = number(index);
    if (!(offset >= 0 && offset + 4 * size <= static_cast<double>(bytes_))) {
      throw Napi::RangeError::New(env(), "a tensor extends beyond the buffer");
    }
    const auto at = static_cast<std::size_t>(offset);
    if (at % alignof(float) != 0) throw Napi::RangeError::New(env(), "a tensor is not aligned");
    return reinterpret_cast<float*>(data_ + at);
  }

  // The tensor, or null if the argument is null.
  const float* optional_tensor(std::size_t index, double size) const {
    return info_[index].IsNull() ? nullptr : tensor(index, size);
  }

  Activation activation(std::size_t index) const {
    const std::string name = info_[index].ToString();
    for (std::size_t i = 0; i < kActivations.size(); ++i) {
      if (name == kActivations[i]) return static_cast<Activation>(i);
    }
    throw Napi::TypeError::New(env(), "unknown activation");
  }

  // Thirteen integers: count, height, width and channels of x; height, width and strides of the filter; the rows and
  // columns by which the filter extends beyond the top and the left; rows, columns and channels of y.
  Convolution convolution(std::size_t index) const {
    const Napi::Value value = info_[index];
    if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != napi_int32_array) {
      throw Napi::TypeError::New(env(), "expected an Int32Array");
    }
    const auto array = value.As<Napi::Int32Array>();
    if (array.ElementLength() != 13) throw Napi::TypeError::New(env(), "expected 13 integers");
    std::array<std::int32_t, 13> from;
    std::copy_n(array.Data(), from.size(), from.begin());
    for (std::size_t i = 0; i < 13; ++i) {
      const bool is_overhang = i == 8 || i == 9, is_stride = i == 6 || i == 7;
      if ((from[i] < 0 && !is_overhang) || (from[i] < 1 && is_stride)) {
        throw Napi::RangeError::New(env(), "the shape of the convolution is not valid");
      }
    }
    const auto at = [&](std::size_t i) { return static_cast<std::size_t>(from[i]); };
    return {.input = {.count = at(0), .height = at(1), .width = at(2), .channels = at(3)},
            .window = {.height = at(4),
                       .width = at(5),
                       .stride_y = at(6),
                       .stride_x = at(7),
                       .top = from[8],
                       .left = from[9],
                       .rows = at(10),
                       .columns = at(11)},
            .out_channels = at(12)};
  }

 private:
  const Napi::CallbackInfo& info_;
  std::uint8_t* data_;
  std::size_t bytes_;
};

// Computed in float64, in which products of counts do not overflow.
double size_of(const Images& images) {
  return static_cast<double>(images.count) * static_cast<double>(images.height) * static_cast<double>(images.width) *
         static_cast<double>(images.channels);
}

double filter_size_of(const Convolution& convolution) {
  return size_of(
      {convolution.window.height, convolution.window.width, convolution.input.channels, convolution.out_channels});
}

// Runs `work` and converts exceptions of the core to JavaScript errors.
template <class Work>
Napi::Value finish(Napi::Env env, Work&& work) {
  try {
    work();
  } catch (...) {
    throw to_js(env, std::current_exception(), nullptr);
  }
  return env.Undefined();
}

unsigned read_threads(const Napi::CallbackInfo& info) {
  const double threads = info[0].ToNumber();
  if (!(threads >= 1 && threads <= 1024)) throw Napi::RangeError::New(info.Env(), "expected 1 to 1024 threads");
  return static_cast<unsigned>(threads);
}

}  // namespace

Napi::Function NetworkObject::define(Napi::Env env) {
  return DefineClass(
      env, "Network",
      {InstanceMethod<&NetworkObject::multiply>("multiply"), InstanceMethod<&NetworkObject::convolve>("convolve"),
       InstanceMethod<&NetworkObject::convolve_back_to_input>("convolveBackToInput"),
       InstanceMethod<&NetworkObject::convolve_back_to_filter>("convolveBackToFilter"),
       InstanceMethod<&NetworkObject::sum_rows>("sumRows"), InstanceMethod<&NetworkObject::step_adam>("stepAdam"),
       InstanceMethod<&NetworkObject::normalize>("normalize"),
       InstanceMethod<&NetworkObject::normalize_back>("normalizeBack"),
       InstanceMethod<&NetworkObject::weight_variances>("weightVariances"),
       InstanceMethod<&NetworkObject::weight_variances_back>("weightVariancesBack"),
       InstanceMethod<&NetworkObject::weight_divergence>("weightDivergence"),
       InstanceMethod<&NetworkObject::weight_divergence_back>("weightDivergenceBack")});
}

NetworkObject::NetworkObject(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<NetworkObject>(info), multiplier_(read_threads(info)) {}

Napi::Value NetworkObject::multiply(const Napi::CallbackInfo& info) {
  enum Argument : std::size_t {
    kBuffer,
    kA,
    kB,
    kBias,
    kOut,
    kM,
    kN,
    kK,
    kTransposeA,
    kTransposeB,
    kActivation,
    kSlope
  };
  const Call call(info);
  const std::size_t m = call.count(kM), n = call.count(kN), k = call.count(kK);
  const auto rows = static_cast<double>(m), cols = static_cast<double>(n), depth = static_cast<double>(k);
  const float* a = call.tensor(kA, rows * depth);
  const float* b = call.tensor(kB, depth * cols);
  const float* bias = call.optional_tensor(kBias, cols);
  float* out = call.tensor(kOut, rows * cols);
  const bool transposes_a = call.flag(kTransposeA), transposes_b = call.flag(kTransposeB);
  const Activation activation = call.activation(kActivation);
  const auto slope = static_cast<float>(call.number(kSlope));
  return finish(call.env(), [&] {
    const DenseRows left(a, transposes_a ? m : k), right(b, transposes_b ? k : n);
    multiplier_.multiply({.m = m,
                          .n = n,
                          .k = k,
                          .left = left,
                          .left_by_depth = transposes_a,
                          .right = right,
                          .right_by_column = transposes_b,
                          .out = Grid::matrix(out, n),
                          .bias = bias,
                          .activation = activation,
                          .slope = slope});
  });
}

Napi::Value NetworkObject::convolve(const Napi::CallbackInfo& info) {
  enum Argument : std::size_t { kBuffer, kX, kFilter, kBias, kY, kShape, kActivation, kSlope };
  const Call call(info);
  const Convolution convolution = call.convolution(kShape);
  const float* x = call.tensor(kX, size_of(convolution.input));
  const float* filter = call.tensor(kFilter, filter_size_of(convolution));
  const float* bias = call.optional_tensor(kBias, static_cast<double>(convolution.out_channels));
  float* y = call.tensor(kY, size_of(convolution.output()));
  const Activation activation = call.activation(kActivation);
  const auto slope = static_cast<float>(call.number(kSlope));
  return finish(call.env(), [&] { sigma::convolve(convolution, x, filter, bias, activation, slope, y, multiplier_); });
}

Napi::Value NetworkObject::convolve_back_to_input(const Napi::CallbackInfo& info) {
  enum Argument : std::size_t { kBuffer, kDy, kFilter, kDx, kShape };
  const Call call(info);
  const Convolution convolution = call.convolution(kShape);
  const float* dy = call.tensor(kDy, size_of(convolution.output()));
  const float* filter = call.tensor(kFilter, filter_size_of(convolution));
  float* dx = call.tensor(kDx, size_of(convolution.input));
  return finish(call.env(), [&] { sigma::convolve_back_to_input(convolution, dy, filter, dx, multiplier_); });
}

Napi::Value NetworkObject::convolve_back_to_filter(const Napi::CallbackInfo& info) {
  enum Argument : std::size_t { kBuffer, kX, kDy, kDfilter, kShape };
  const Call call(info);
  const Convolution convolution = call.convolution(kShape);
  const float* x = call.tensor(kX, size_of(convolution.input));
  const float* dy = call.tensor(kDy, size_of(convolution.output()));
  float* dfilter = call.tensor(kDfilter, filter_size_of(convolution));
  return finish(call.env(), [&] { sigma::convolve_back_to_filter(convolution, x, dy, dfilter, multiplier_); });
}

Napi::Value NetworkObject::sum_rows(const Napi::CallbackInfo& info) {
  enum Argument : std::size_t { kBuffer, kX, kSums, kRows, kCols, kScale };
  const Call call(info);
  const std::size_t rows = call.count(kRows), cols = call.count(kCols);
  const float* x = call.tensor(kX, static_cast<double>(rows) * static_cast<double>(cols));
  float* sums = call.tensor(kSums, static_cast<double>(cols));
  const auto scale = static_cast<float>(call.number(kScale));
  return finish(call.env(), [&] { sigma::sum_rows(x, rows, cols, scale, sums, multiplier_.team()); });
}

Napi::Value NetworkObject::step_adam(const Napi::CallbackInfo& info) {
  enum Argument : std::size_t {
    kBuffer,
    kGradient,
    kValue,
    kFirst,
    kSecond,
    kNewValue,
    kNewFirst,
    kNewSecond,
    kCount,
    kRate,
    kBeta1,
    kBeta2,
    kEpsilon,
    kCorrection1,
    kCorrection2
  };
  const Call call(info);
  const std::size_t count = call.count(kCount);
  const auto size = static_cast<double>(count);
  const float* gradient = call.tensor(kGradient, size);
  const std::array<const float*, 3> before{call.tensor(kValue, size), call.tensor(kFirst, size),
                                           call.tensor(kSecond, size)};
  const std::array<float*, 3> after{call.tensor(kNewValue, size), call.tensor(kNewFirst, size),
                                    call.tensor(kNewSecond, size)};
  const auto number = [&](std::size_t index) { return static_cast<float>(call.number(index)); };
  const AdamStep step{.rate = number(kRate),
                      .beta1 = number(kBeta1),
                      .beta2 = number(kBeta2),
                      .epsilon = number(kEpsilon),
                      .correction1 = number(kCorrection1),
                      .correction2 = number(kCorrection2)};
  return finish(call.env(), [&] { sigma::step_adam(step, gradient, before, after, count, multiplier_.team()); });
}

Napi::Value NetworkObject::normalize(const Napi::CallbackInfo& info) {
  enum Argument : std::size_t { kBuffer, kX, kGamma, kBeta, kY, kMean, kVariance, kRows, kCols, kEpsilon };
  const Call call(info);
  const std::size_t rows = call.count(kRows), cols = call.count(kCols);
  const auto width = static_cast<double>(cols), size = static_cast<double>(rows) * width;
  const Normalization normalization{.rows = rows,
                                    .cols = cols,
                                    .epsilon = static_cast<float>(call.number(kEpsilon)),
                                    .x = call.tensor(kX, size),
                                    .gamma = call.tensor(kGamma, width),
                                    .beta = call.tensor(kBeta, width)};
  float *y = call.tensor(kY, size), *mean = call.tensor(kMean, width), *variance = call.tensor(kVariance, width);
  return finish(call.env(), [&] { sigma::normalize(normalization, y, mean, variance, multiplier_.team()); });
}

Napi::Value NetworkObject::normalize_back(const Napi::CallbackInfo& info) {
  enum Argument : std::size_t {
    kBuffer,
    kX,
    kGamma,
    kBeta,
    kMean,
    kVariance,
    kDy,
    kDx,
    kDgamma,
    kDbeta,
    kRows,
    kCols,
    kEpsilon
  };
  const Call call(info);
  const std::size_t rows = call.count(kRows), cols = call.count(kCols);
  const auto width = static_cast<double>(cols), size = static_cast<double>(rows) * width;
  const Normalization normalization{.rows = rows,
                                    .cols = cols,
                                    .epsilon = static_cast<float>(call.number(kEpsilon)),
                                    .x = call.tensor(kX, size),
                                    .gamma = call.tensor(kGamma, width),
                                    .beta = call.tensor(kBeta, width)};
  const float *mean = call.tensor(kMean, width), *variance = call.tensor(kVariance, width);
  const float* dy = call.tensor(kDy, size);
  const NormalizationGradients gradients{
      .x = call.tensor(kDx, size), .gamma = call.tensor(kDgamma, width), .beta = call.tensor(kDbeta, width)};
  return finish(call.env(),
                [&] { sigma::normalize_back(normalization, mean, variance, dy, gradients, multiplier_.team()); });
}

Napi::Value NetworkObject::weight_variances(const Napi::CallbackInfo& info) {
  enum Argument : std::size_t { kBuffer, kRho, kVariance, kCount };
  const Call call(info);
  const std::size_t count = call.count(kCount);
  const auto size = static_cast<double>(count);
  const float* rho = call.tensor(kRho, size);
  float* variance = call.tensor(kVariance, size);
  return finish(call.env(), [&] { sigma::weight_variances(rho, count, variance, multiplier_.team()); });
}

Napi::Value NetworkObject::weight_variances_back(const Napi::CallbackInfo& info) {
  enum Argument : std::size_t { kBuffer, kRho, kDvariance, kDrho, kCount };
  const Call call(info);
  const std::size_t count = call.count(kCount);
  const auto size = static_cast<double>(count);
  const float *rho = call.tensor(kRho, size), *dvariance = call.tensor(kDvariance, size);
  float* drho = call.tensor(kDrho, size);
  return finish(call.env(), [&] { sigma::weight_variances_back(rho, dvariance, count, drho, multiplier_.team()); });
}

Napi::Value NetworkObject::weight_divergence(const Napi::CallbackInfo& info) {
  enum Argument : std::size_t { kBuffer, kMean, kRho, kKl, kCount, kPrior };
  const Call call(info);
  const std::size_t count = call.count(kCount);
  const auto size = static_cast<double>(count);
  const float *mean = call.tensor(kMean, size), *rho = call.tensor(kRho, size);
  float* kl = call.tensor(kKl, 1);
  const auto prior = static_cast<float>(call.number(kPrior));
  return finish(call.env(), [&] { *kl = sigma::weight_divergence(mean, rho, count, prior, multiplier_.team()); });
}

Napi::Value NetworkObject::weight_divergence_back(const Napi::CallbackInfo& info) {
  enum Argument : std::size_t { kBuffer, kMean, kRho, kDkl, kDmean, kDrho, kCount, kPrior };
  const Call call(info);
  const std::size_t count = call.count(kCount);
  const auto size = static_cast<double>(count);
  const float *mean = call.tensor(kMean, size), *rho = call.tensor(kRho, size), *dkl = call.tensor(kDkl, 1);
  float *dmean = call.tensor(kDmean, size), *drho = call.tensor(kDrho, size);
  const auto prior = static_cast<float>(call.number(kPrior));
  return finish(call.env(),
                [&] { sigma::weight_divergence_back(mean, rho, count, prior, *dkl, dmean, drho, multiplier_.team()); });
}

Napi::Value draw_normals(const Napi::CallbackInfo& info) {
  const auto array = [&](std::size_t index, napi_typedarray_type type) {
    const Napi::Value value = info[index];
    if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != type) {
      throw Napi::TypeError::New(info.Env(), "expected the state as an Int32Array and the numbers as a Float32Array");
    }
    return value;
  };
  auto state = array(0, napi_int32_array).As<Napi::Int32Array>();
  auto values = array(1, napi_float32_array).As<Napi::Float32Array>();
  if (state.ElementLength() != 4) throw Napi::TypeError::New(info.Env(), "expected a state of 4 integers");
  std::array<std::uint32_t, 4> words;
  std::copy_n(state.Data(), 4, words.begin());
  sigma::draw_normals(words, values.Data(), values.ElementLength());
  std::copy_n(words.begin(), 4, state.Data());
  return info.Env().Undefined();
}

}  // namespace sigma::addon
