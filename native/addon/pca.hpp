#pragma once

#include <napi.h>

namespace sigma::addon {

// pca({data, components, seed, threads}): {result: Promise, cancel()}; see binding.d.cts.
Napi::Value compute_pca(const Napi::CallbackInfo& info);

// pcaOfSparse({offsets, columns, values, cols, components, seed, threads}), with the same result.
Napi::Value compute_sparse_pca(const Napi::CallbackInfo& info);

}  // namespace sigma::addon
