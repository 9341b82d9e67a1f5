#pragma once

#include <napi.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <mutex>

#include "job.hpp"

namespace sigma::addon {

// Adds up the shares of work that threads have finished and reports their sum, about ten times per second.
class ShareReport {
 public:
  explicit ShareReport(const std::function<void(Work::Report)>& send) : send_(send) {}

  void add(double share) {
    const std::lock_guard lock(mutex_);
    done_ += share;
    const auto now = std::chrono::steady_clock::now();
    if (now - last_ < kReportEvery) return;
    last_ = now;
    send_([fraction = std::min(done_, 1.0)](Napi::Env env, Napi::Function callback) {
      callback.Call({Napi::Number::New(env, fraction)});
    });
  }

 private:
  const std::function<void(Work::Report)>& send_;
  std::mutex mutex_;
  double done_ = 0;
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

}  // namespace sigma::addon
