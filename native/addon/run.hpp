#pragma once

#include <napi.h>

#include <functional>
#include <memory>
#include <optional>

#include "../embedding/placement.hpp"
#include "../embedding/run.hpp"
#include "arguments.hpp"
#include "backlog.hpp"

namespace sigma::addon {

// The JavaScript class for sigma::Run, which src/tsne uses. native/addon/binding.d.cts describes its interface.
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
  Napi::Value has_converged(const Napi::CallbackInfo& info);
  Napi::Value method(const Napi::CallbackInfo& info);
  Napi::Value neighbors(const Napi::CallbackInfo& info);
  Napi::Value far_value(const Napi::CallbackInfo& info);
  Napi::Value seconds(const Napi::CallbackInfo& info);
  Napi::Value variance_floor(const Napi::CallbackInfo& info);
  Napi::Value points(const Napi::CallbackInfo& info);
  // placement.cpp
  Napi::Value place(const Napi::CallbackInfo& info);
  Napi::Value measure_uncertainty(const Napi::CallbackInfo& info);
  // trust.cpp
  Napi::Value measure_singularity(const Napi::CallbackInfo& info);
  Napi::Value measure_perturbation(const Napi::CallbackInfo& info);
  Napi::Value measure_reliability(const Napi::CallbackInfo& info);
  Napi::Value measure_groups(const Napi::CallbackInfo& info);
  struct Shared;
  // Starts a job on the current embedding that reports the finished share of its work.
  template <class Result>
  Napi::Value start_map_job(const Napi::CallbackInfo& info,
                            std::function<Result(Shared&, const std::function<void(double)>&)> measure,
                            std::function<void(Napi::Object, const Result&)> describe);
  // run_state.cpp
  void prepare_state(const Properties& shape, const Options& options);
  Napi::Value describe_state(const Napi::CallbackInfo& info);
  Napi::Value read_state(const Napi::CallbackInfo& info);
  Napi::Value write_state(const Napi::CallbackInfo& info);
  Napi::Value restore(const Napi::CallbackInfo& info);
  void refuse_while_busy(Napi::Env env) const;

  // Data shared with the job, which may outlive this object.
  struct Shared {
    std::unique_ptr<Run> run;
    // Only for a run that is being restored: the part of it that was written so far, and its options and neighbors.
    std::unique_ptr<RunState> state;
    Options options;
    std::optional<Neighbors> neighbors;
    // The embedding at iteration embedding_iteration, prepared for placing points. Declared after `run`, to which it
    // refers.
    std::unique_ptr<FittedEmbedding> embedding;
    std::uint64_t embedding_iteration = 0;
    bool busy = false;
    std::optional<double> kl;
    // Snapshots of the current advance() that JavaScript has not received yet.
    std::shared_ptr<Backlog> snapshots;
    void cancel() {
      run->cancel();
      if (snapshots) snapshots->close();
    }
  };
  static FittedEmbedding& fitted_embedding(Shared& shared);
  std::shared_ptr<Shared> shared_;
  // Sets the bytes that the garbage collector counts for this object.
  void report_bytes(Napi::Env env, std::size_t bytes);
  std::int64_t held_bytes_ = 0;
};

// Ends the threads of a run at the end of the job that needed them. The garbage collector may free the object much
// later.
struct Rest {
  Run& run;
  ~Rest() { run.rest(); }
};

}  // namespace sigma::addon
