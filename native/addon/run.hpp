#pragma once

#include <napi.h>

#include <memory>

#include "../embedding/run.hpp"

namespace sigma::addon {

// sigma::Run for src/tsne: see native/addon/binding.d.cts for its face.
class RunObject : public Napi::ObjectWrap<RunObject> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit RunObject(const Napi::CallbackInfo& info);
  ~RunObject() override;

 private:
  Napi::Value advance(const Napi::CallbackInfo& info);
  Napi::Value cancel(const Napi::CallbackInfo& info);
  Napi::Value embedding(const Napi::CallbackInfo& info);
  Napi::Value iteration(const Napi::CallbackInfo& info);
  Napi::Value method(const Napi::CallbackInfo& info);
  Napi::Value neighbors(const Napi::CallbackInfo& info);
  Napi::Value seconds(const Napi::CallbackInfo& info);
  void refuse_while_busy(Napi::Env env) const;

  // Shared with the job, which may outlive this object.
  struct Shared {
    std::unique_ptr<Run> run;
    bool busy = false;
    std::optional<double> kl;
  };
  std::shared_ptr<Shared> shared_;
  // What the garbage collector is told that this object holds.
  std::int64_t held_bytes_ = 0;
};

}  // namespace sigma::addon
