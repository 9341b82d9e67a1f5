#pragma once

#include <napi.h>

namespace sigma::addon {

// estimateNoiseModel({data, sigma, distance, threads}): {result: Promise, cancel()}; see binding.d.cts.
Napi::Value estimate_noise_model(const Napi::CallbackInfo& info);

}  // namespace sigma::addon
