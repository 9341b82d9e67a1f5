#pragma once

#include <stdexcept>
#include <string>

namespace sigma {

// The owner canceled the run. The state is that of the last finished iteration.
struct Canceled : std::runtime_error {
  Canceled() : std::runtime_error("stopped before it was finished") {}
};

// The embedding left the range of float32 because the step was too long for the data.
struct Diverged : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// A value of the input that cannot be embedded.
struct BadValue : std::runtime_error {
  enum class Reason { not_finite, negative, negative_variance, not_symmetric, negative_eigenvalue };
  BadValue(Reason reason_, double value_, std::size_t row_, std::size_t column_)
      : std::runtime_error("bad value"), reason(reason_), value(value_), row(row_), column(column_) {}
  Reason reason;
  double value;
  std::size_t row, column;
};

}  // namespace sigma
