#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "../neighbors/covariances.hpp"
#include "../neighbors/gaussians.hpp"

namespace sigma {

// A table of named values: the arguments and results of the C interface. If a value is absent or has another type than
// requested, reading it throws std::invalid_argument with its name.
class Values {
 public:
  using Table = std::unique_ptr<Values>;
  using Value = std::variant<double, bool, std::string, std::vector<float>, std::vector<double>,
                             std::vector<std::uint32_t>, Table, std::vector<std::int32_t>>;

  bool has(const std::string& name) const { return find(name) != nullptr; }
  bool is_text(const std::string& name) const { return get<std::string>(name) != nullptr; }
  double number(const std::string& name) const;
  template <class Whole>
  Whole whole(const std::string& name) const {
    return static_cast<Whole>(number(name));
  }
  bool flag(const std::string& name) const;
  const std::string& text(const std::string& name) const;
  // Reads one number or an array of float64 numbers.
  std::vector<double> numbers(const std::string& name) const;
  const Values& table(const std::string& name) const;
  template <class T>
  const std::vector<T>& array(const std::string& name) const;

  template <class T>
  void set(const std::string& name, T value) {
    if constexpr (std::is_arithmetic_v<T> && !std::is_same_v<T, bool>) {
      entries_[name] = static_cast<double>(value);
    } else if constexpr (std::is_convertible_v<T, std::string>) {
      entries_[name] = std::string(value);
    } else if constexpr (std::is_same_v<T, Values>) {
      entries_[name] = std::make_unique<Values>(std::move(value));
    } else {
      entries_[name] = std::move(value);
    }
  }

  // The value of any type, or null if there is none. get() also returns null if the value has another type.
  const Value* find(const std::string& name) const;
  template <class T>
  const T* get(const std::string& name) const {
    const Value* value = find(name);
    return value == nullptr ? nullptr : std::get_if<T>(value);
  }
  const std::map<std::string, Value>& entries() const { return entries_; }
  std::map<std::string, Value>& entries() { return entries_; }

 private:
  std::map<std::string, Value> entries_;
};

// A view of a matrix {data, rows, cols}, without a copy.
struct MatrixView {
  NumberView numbers;
  std::size_t rows, cols;
};
MatrixView view_matrix(const Values& from, const std::string& name);
// A view of a matrix that must have this shape.
MatrixView view_matrix(const Values& from, const std::string& name, std::size_t rows, std::size_t cols);

// A view of the covariances {argument, form, numbers, inner, sigma} of `count` points with d columns, without a copy.
CovarianceView view_covariance(const Values& from, std::size_t count, std::size_t d);

// Copies an array of `count` indices below `bound`.
std::vector<std::uint32_t> copy_indices(const Values& from, const std::string& name, std::size_t count,
                                        std::size_t bound);
// Copies the offsets of compressed rows from float64 numbers: count + 1 numbers, ascending from 0 to `stored`.
std::vector<std::uint64_t> copy_offsets(const Values& from, std::size_t count, std::size_t stored);

}  // namespace sigma
