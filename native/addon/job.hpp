#pragma once

#include <napi.h>

#include <chrono>
#include <functional>

namespace sigma::addon {

// Reports beyond ten per second would only keep the JavaScript thread busy.
constexpr std::chrono::milliseconds kReportEvery{100};

// Long work on a thread of its own, not one of libuv's four, which file access and other jobs need. It keeps the
// process alive, settles a promise, and is canceled and awaited when its environment (a worker thread, or the process)
// ends.
struct Work {
  // On the job's thread. May send() reports to JavaScript; throws to reject the promise.
  using Report = std::function<void(Napi::Env, Napi::Function)>;
  std::function<void(const std::function<void(Report)>& send)> run;
  // On any thread: makes run() end soon.
  std::function<void()> cancel;
  // On the JavaScript thread, after run() returned or threw.
  std::function<void()> finished = [] {};
  // On the JavaScript thread: the promise's value.
  std::function<Napi::Value(Napi::Env)> result;
};

// `callback` is the function that reports are made with; it may be undefined.
Napi::Promise start_job(Napi::Env env, const Napi::Value& callback, Work work);

// The same, as {result: Promise, cancel()}.
Napi::Object start_cancellable_job(Napi::Env env, const Napi::Value& callback, Work work);

}  // namespace sigma::addon
