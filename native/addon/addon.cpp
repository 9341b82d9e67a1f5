#include <napi.h>

#include "../neighbors/distance.hpp"
#include "../support/isa.hpp"
#include "layout.hpp"
#include "nearest.hpp"
#include "network.hpp"
#include "noise_model.hpp"
#include "pca.hpp"
#include "quality.hpp"
#include "run.hpp"

static Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  exports.Set("Network", sigma::addon::NetworkObject::define(env));
  exports.Set("drawNormals", Napi::Function::New<sigma::addon::draw_normals>(env, "drawNormals"));
  exports.Set("Run", sigma::addon::RunObject::define(env));
  exports.Set("pcaOfSparse", Napi::Function::New<sigma::addon::compute_sparse_pca>(env, "pcaOfSparse"));
  exports.Set("pca", Napi::Function::New<sigma::addon::compute_pca>(env, "pca"));
  exports.Set("evaluate", Napi::Function::New<sigma::addon::evaluate_embedding>(env, "evaluate"));
  exports.Set("nearest", Napi::Function::New<sigma::addon::find_nearest>(env, "nearest"));
  exports.Set("estimateNoiseModel", Napi::Function::New<sigma::addon::estimate_noise_model>(env, "estimateNoiseModel"));
  exports.Set("separate", Napi::Function::New<sigma::addon::separate_points>(env, "separate"));
  exports.Set("assignToGrid", Napi::Function::New<sigma::addon::assign_to_grid>(env, "assignToGrid"));
  Napi::Object distances = Napi::Object::New(env);
  for (const sigma::DistanceKernel& distance : sigma::all_distances()) {
    Napi::Object traits = Napi::Object::New(env);
    traits.Set("usesSigma", distance.traits.uses_sigma());
    traits.Set("hasFloor", distance.traits.has_floor());
    traits.Set("usesCovariances", sigma::uses_covariances(distance.name));
    distances.Set(distance.name, traits);
  }
  exports.Set("distances", distances);
  exports.Set("isa", sigma::name_of(sigma::active_isa()));
  exports.Set("version", SIGMA_TSNE_VERSION);
  return exports;
}

NODE_API_MODULE(sigma_tsne, initialize)
