// Helpers that the functions of the C interface share. They convert exceptions to the last error, and the progress of
// the core to reports.
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

// Converts between a table and the type by which the C interface passes it.
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

// Stores the exception that is being handled as the last error of this thread.
void keep_last_error();

// While it exists, errors about values name this argument.
struct About {
  explicit About(const char* argument);
  ~About();
};

// The result of `work`, or null if it threw an exception.
template <class Work>
auto guarded(Work work) -> decltype(work()) {
  try {
    return work();
  } catch (...) {
    keep_last_error();
    return {};
  }
}

// Returns the table that `work` fills.
template <class Work>
sigma_values* guarded_table(Work work) {
  return guarded([&]() -> sigma_values* {
    auto result = std::make_unique<Values>();
    work(*result);
    return to_c(result.release());
  });
}

// Passes reports on, at most about ten per second except for important ones. Requests the cancellation if the receiver
// asks for it. Shares of work may be added from any thread.
class Reports {
 public:
  Reports(sigma_report report, void* context, std::function<void()> cancel)
      : report_(report), context_(context), cancel_(std::move(cancel)) {}

  bool is_wanted(bool is_due);
  void send(const Values& report);
  // Adds a share of the finished work and reports the sum.
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

// Values that the results of several functions contain.
void set_variance_floor(Values& result, const std::string& distance, const Gaussians& points);
void set_far_value(Values& result, const Gaussians& points);

// Packs the matrix `data`, and its `sigma`.
Gaussians pack_data(const Values& arguments);
void pack_data_sigma(const Values& arguments, Gaussians& points, double variance_floor);

}  // namespace sigma
