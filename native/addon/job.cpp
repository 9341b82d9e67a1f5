#include "job.hpp"

#include <exception>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include "errors.hpp"

namespace sigma::addon {
namespace {

struct Job {
  Job(Napi::Env env, Work given) : deferred(Napi::Promise::Deferred::New(env)), work(std::move(given)) {}

  Napi::Promise::Deferred deferred;
  Work work;
  napi_threadsafe_function channel = nullptr;
  std::thread thread;
  std::exception_ptr failure;
  std::optional<Napi::Error> callback_failure;
};

void send(Job& job, Work::Report report) {
  auto owned = std::make_unique<Work::Report>(std::move(report));
  if (napi_call_threadsafe_function(job.channel, owned.get(), napi_tsfn_nonblocking) == napi_ok) owned.release();
}

// The end of the job is sent as a null report, so that nothing is allocated if memory has run out.
void send_end(Job& job) {
  napi_call_threadsafe_function(job.channel, nullptr, napi_tsfn_nonblocking);
}

// The environment ends before the job. Nobody will use the job's promise, but its thread must end before the
// environment.
void end_with_environment(void* data) {
  Job& job = *static_cast<Job*>(data);
  job.work.cancel();
  if (job.thread.joinable()) job.thread.join();
}

void settle(Napi::Env env, Job& job) {
  if (job.thread.joinable()) job.thread.join();
  napi_remove_env_cleanup_hook(env, end_with_environment, &job);
  job.work.finished();
  try {
    if (job.callback_failure) {
      job.deferred.Reject(job.callback_failure->Value());
    } else if (job.failure) {
      job.deferred.Reject(to_js(env, job.failure).Value());
    } else {
      Napi::Value result;
      try {
        result = job.work.result(env);
      } catch (...) {
        job.deferred.Reject(to_js(env, std::current_exception()).Value());
      }
      if (!result.IsEmpty()) job.deferred.Resolve(result);
    }
  } catch (const Napi::Error&) {
    // This only fails in a worker thread that is being terminated. Nobody waits for the promise any more.
  }
  napi_release_threadsafe_function(job.channel, napi_tsfn_release);
}

void receive(napi_env env, napi_value callback, void* context, void* data) {
  const std::unique_ptr<Work::Report> report(static_cast<Work::Report*>(data));
  if (env == nullptr) return;
  Job& job = *static_cast<Job*>(context);
  const Napi::HandleScope scope(env);
  if (report == nullptr) {
    settle(env, job);
    return;
  }
  if (callback == nullptr || job.callback_failure) return;
  try {
    (*report)(env, Napi::Function(env, callback));
  } catch (...) {
    // The caller's own callback threw an error. Stops the run and rejects its promise with this error.
    job.callback_failure = to_js(env, std::current_exception());
    job.work.cancel();
  }
}

void release(napi_env, void* data, void*) {
  delete static_cast<Job*>(data);
}

}  // namespace

Napi::Promise start_job(Napi::Env env, const Napi::Value& callback, Work work) {
  auto job = std::make_unique<Job>(env, std::move(work));
  const Napi::Promise promise = job->deferred.Promise();
  const bool has_callback = callback.IsFunction();
  if (napi_create_threadsafe_function(env, has_callback ? static_cast<napi_value>(callback) : nullptr, nullptr,
                                      Napi::String::New(env, "sigma-tsne"), 0, 1, job.get(), release, job.get(),
                                      receive, &job->channel) != napi_ok) {
    job->work.finished();
    throw Napi::Error::New(env, "could not connect to the thread of the job");
  }
  Job& running = *job.release();
  // Hooks run in reverse order. This hook is added after the channel, so the channel is still open when it runs.
  napi_add_env_cleanup_hook(env, end_with_environment, &running);
  try {
    running.thread = std::thread([&running] {
      try {
        running.work.run([&running](Work::Report report) { send(running, std::move(report)); });
      } catch (...) {
        running.failure = std::current_exception();
      }
      send_end(running);
    });
  } catch (const std::exception&) {
    // The system provides no thread, or no memory for it.
    running.failure = std::current_exception();
    send_end(running);
  }
  return promise;
}

Napi::Object start_cancellable_job(Napi::Env env, const Napi::Value& callback, Work work) {
  const std::function<void()> cancel = work.cancel;
  Napi::Object job = Napi::Object::New(env);
  job.Set("cancel", Napi::Function::New(env, [cancel](const Napi::CallbackInfo&) { cancel(); }));
  job.Set("result", start_job(env, callback, std::move(work)));
  return job;
}

}  // namespace sigma::addon
