#pragma once

#include <napi.h>

namespace sigma::addon {

// evaluate({data, sigma, map, classes, options, onProgress}): {result: Promise, cancel()}; see binding.d.cts.
Napi::Value evaluate_map(const Napi::CallbackInfo& info);

}  // namespace sigma::addon
