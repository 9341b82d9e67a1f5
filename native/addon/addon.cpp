#include <napi.h>

#include "../support/isa.hpp"
#include "pca.hpp"
#include "quality.hpp"
#include "run.hpp"

static Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  exports.Set("Run", sigma::addon::RunObject::define(env));
  exports.Set("pca", Napi::Function::New<sigma::addon::compute_pca>(env, "pca"));
  exports.Set("evaluate", Napi::Function::New<sigma::addon::evaluate_map>(env, "evaluate"));
  exports.Set("isa", sigma::name_of(sigma::active_isa()));
  return exports;
}

NODE_API_MODULE(sigma_tsne, initialize)
