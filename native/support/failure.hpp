#pragma once

#include <cstddef>
#include <exception>
#include <optional>
#include <string>

namespace sigma {

// An exception of the core in the form in which it is reported to other languages. The codes are those of
// src/errors.ts.
struct Failure {
  struct Value {
    double value;
    std::size_t row, column;
  };
  const char* code;
  std::string message;
  std::optional<Value> value;  // a value of the data that cannot be used
};

Failure describe_failure(const std::exception_ptr& exception);

}  // namespace sigma
