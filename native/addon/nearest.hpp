#pragma once

#include <napi.h>

namespace sigma::addon {

// nearest({data, sigma, queries, querySigma, own, options, onProgress}): {result: Promise, cancel()}; see
// binding.d.cts.
Napi::Value find_nearest(const Napi::CallbackInfo& info);

}  // namespace sigma::addon
