#pragma once

#include <napi.h>

#include <memory>

#include "../network/product.hpp"

namespace sigma::addon {

// The class `Network` of binding.d.cts: products and convolutions of float32 tensors in one buffer.
class NetworkObject : public Napi::ObjectWrap<NetworkObject> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit NetworkObject(const Napi::CallbackInfo& info);

 private:
  Napi::Value multiply(const Napi::CallbackInfo& info);
  Napi::Value convolve(const Napi::CallbackInfo& info);
  Napi::Value convolve_back_to_input(const Napi::CallbackInfo& info);
  Napi::Value convolve_back_to_filter(const Napi::CallbackInfo& info);
  Napi::Value sum_rows(const Napi::CallbackInfo& info);
  Napi::Value step_adam(const Napi::CallbackInfo& info);
  Napi::Value normalize(const Napi::CallbackInfo& info);
  Napi::Value normalize_back(const Napi::CallbackInfo& info);
  Napi::Value weight_variances(const Napi::CallbackInfo& info);
  Napi::Value weight_variances_back(const Napi::CallbackInfo& info);
  Napi::Value weight_divergence(const Napi::CallbackInfo& info);
  Napi::Value weight_divergence_back(const Napi::CallbackInfo& info);

  MatrixMultiplier multiplier_;
};

// The function `drawNormals` of binding.d.cts.
Napi::Value draw_normals(const Napi::CallbackInfo& info);

}  // namespace sigma::addon
