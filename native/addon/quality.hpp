#pragma once

#include <napi.h>

namespace sigma::addon {

// evaluate({data, sigma, embedding, classes, options, onProgress}): {result: Promise, cancel()}; see binding.d.cts.
Napi::Value evaluate_embedding(const Napi::CallbackInfo& info);

}  // namespace sigma::addon
