#pragma once

#include <napi.h>

#include <chrono>
#include <functional>

namespace sigma::addon {

// More than ten reports per second would only keep the JavaScript thread busy.
constexpr std::chrono::milliseconds kReportEvery{100};

// Runs long work on its own thread, because file access and other jobs need the four threads of libuv. The job keeps
// the process alive and settles a promise. It is canceled and awaited when its environment (a worker thread or the
// process) ends.
struct Work {
  // Runs on the job's thread. It may send() reports to JavaScript, and throws to reject the promise.
  using Report = std::function<void(Napi::Env, Napi::Function)>;
  std::function<void(const std::function<void(Report)>& send)> run;
  // Called on any thread. Makes run() end soon.
  std::function<void()> cancel;
  // Called on the JavaScript thread, after run() returned or threw.
  std::function<void()> finished = [] {};
  // Called on the JavaScript thread. Returns the value of the promise.
  std::function<Napi::Value(Napi::Env)> result;
};

// Starts a job. `callback` is the function that receives the reports; it may be undefined.
Napi::Promise start_job(Napi::Env env, const Napi::Value& callback, Work work);

// Starts a job and returns {result: Promise, cancel()}.
Napi::Object start_cancellable_job(Napi::Env env, const Napi::Value& callback, Work work);

}  // namespace sigma::addon
