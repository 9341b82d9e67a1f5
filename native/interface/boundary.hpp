// What the functions of the C interface share: exceptions become the last error, and the progress of the core becomes
// reports.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>

#include "../support/cancellation.hpp"
#include "sigma_tsne.h"
#include "values.hpp"

namespace sigma {

// A table as the C interface passes it.
inline sigma_values* to_c(Values* values) {
  return reinterpret_cast<sigma_values*>(values);
}
inline const sigma_values* to_c(const Values* values) {
  return reinterpret_cast<const sigma_values*>(values);
}
inline Values& from_c(sigma_values* values) {
  return *reinterpret_cast<Values*>(values);
}
inline const Values& from_c(const sigma_values* values) {
  return *reinterpret_cast<const Values*>(values);
}

// Keeps the exception that is being handled as the last error of this thread.
void keep_last_error();

// Names the argument that a bad value was found in.
struct About {
  explicit About(const char* argument);
  ~About();
};

// The result of `work`, or null after an exception.
template <class Work>
auto guarded(Work work) -> decltype(work()) {
  try {
    return work();
  } catch (...) {
    keep_last_error();
    return {};
  }
}

// The table that `work` fills.
template <class Work>
sigma_values* guarded_table(Work work) {
  return guarded([&]() -> sigma_values* {
    auto result = std::make_unique<Values>();
    work(*result);
    return to_c(result.release());
  });
}

// Passes reports on, at most about ten per second except for those that are due, and requests the cancellation where
// the receiver asks for it. Shares may be added from any thread.
class Reports {
 public:
  Reports(sigma_report report, void* context, std::function<void()> cancel)
      : report_(report), context_(context), cancel_(std::move(cancel)) {}

  bool is_wanted(bool is_due);
  void send(const Values& report);
  // Adds a share of the work that was done and reports the sum.
  void add(double share);
  void send_fraction(double fraction);

 private:
  sigma_report report_;
  void* context_;
  std::function<void()> cancel_;
  std::mutex mutex_;
  double done_ = 0;
  std::chrono::steady_clock::time_point last_{};
};

// Results that several functions share.
void set_variance_floor(Values& result, const std::string& distance, const Gaussians& points);
void set_far_value(Values& result, const Gaussians& points);

// The matrix `data`, and its `sigma`.
Gaussians pack_data(const Values& arguments);
void pack_data_sigma(const Values& arguments, Gaussians& points, double variance_floor);

}  // namespace sigma
