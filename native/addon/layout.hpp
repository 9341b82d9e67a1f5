#pragma once

#include <napi.h>

namespace sigma::addon {

// separate({points, options, onProgress}), assignToGrid({points, rows, columns, threads, onProgress}): {result:
// Promise, cancel()}; see binding.d.cts.
Napi::Value separate_points(const Napi::CallbackInfo& info);
Napi::Value assign_to_grid(const Napi::CallbackInfo& info);

}  // namespace sigma::addon
