#pragma once

#include <napi.h>

namespace sigma::addon {

// separate({points, options, onProgress}) and assignToGrid({points, rows, columns, threads, onProgress}) return
// {result: Promise, cancel()}; see binding.d.cts.
Napi::Value separate_points(const Napi::CallbackInfo& info);
Napi::Value assign_to_grid(const Napi::CallbackInfo& info);

}  // namespace sigma::addon
