#include "values.hpp"

#include <algorithm>
#include <stdexcept>

namespace sigma {
namespace {

template <class T>
const T& require(const T* value, const std::string& name, const char* kind) {
  if (value == nullptr) throw std::invalid_argument(name + ": expected " + kind);
  return *value;
}

template <class T>
constexpr const char* kKind = "an array of float32 numbers";
template <>
constexpr const char* kKind<double> = "an array of float64 numbers";
template <>
constexpr const char* kKind<std::uint32_t> = "an array of uint32 numbers";

}  // namespace

const Values::Value* Values::find(const std::string& name) const {
  const auto at = entries_.find(name);
  return at == entries_.end() ? nullptr : &at->second;
}

double Values::number(const std::string& name) const {
  return require(get<double>(name), name, "a number");
}

bool Values::flag(const std::string& name) const {
  return require(get<bool>(name), name, "a flag");
}

const std::string& Values::text(const std::string& name) const {
  return require(get<std::string>(name), name, "a text");
}

std::vector<double> Values::numbers(const std::string& name) const {
  if (const auto* list = get<std::vector<double>>(name)) return *list;
  return {number(name)};
}

const Values& Values::table(const std::string& name) const {
  return *require(get<Table>(name), name, "a table");
}

template <class T>
const std::vector<T>& Values::array(const std::string& name) const {
  return require(get<std::vector<T>>(name), name, kKind<T>);
}
template const std::vector<float>& Values::array<float>(const std::string&) const;
template const std::vector<double>& Values::array<double>(const std::string&) const;
template const std::vector<std::uint32_t>& Values::array<std::uint32_t>(const std::string&) const;

MatrixView view_matrix(const Values& from, const std::string& name) {
  const Values& matrix = from.table(name);
  const double rows = matrix.number("rows"), cols = matrix.number("cols");
  if (!(rows >= 0 && cols >= 0 && rows <= 4e9 && cols <= 4e9)) {
    throw std::invalid_argument(name + ": expected rows and cols of at least 0");
  }
  MatrixView view{{}, static_cast<std::size_t>(rows), static_cast<std::size_t>(cols)};
  const auto* narrow = matrix.get<std::vector<float>>("data");
  const auto* wide = matrix.get<std::vector<double>>("data");
  if (narrow == nullptr && wide == nullptr) throw std::invalid_argument(name + ": expected float32 or float64 data");
  const std::size_t length = narrow != nullptr ? narrow->size() : wide->size();
  if (static_cast<double>(length) != rows * cols) throw std::invalid_argument(name + ": expected rows * cols numbers");
  if (narrow != nullptr) {
    view.numbers.f32 = narrow->data();
  } else {
    view.numbers.f64 = wide->data();
  }
  return view;
}

MatrixView view_matrix(const Values& from, const std::string& name, std::size_t rows, std::size_t cols) {
  const MatrixView view = view_matrix(from, name);
  if (view.rows != rows || view.cols != cols) {
    throw std::invalid_argument(name + ": expected " + std::to_string(rows) + " x " + std::to_string(cols) +
                                " numbers");
  }
  return view;
}

CovarianceView view_covariance(const Values& from, std::size_t count, std::size_t d) {
  CovarianceView view;
  const std::string& form = from.text("form");
  if (form == "factors") view.form = CovarianceForm::factors;
  if (form == "draws") view.form = CovarianceForm::draws;
  view.inner = from.whole<std::size_t>("inner");
  view.numbers = view_matrix(from, "numbers", count, d * view.inner).numbers;
  if (from.has("sigma")) view.sigma = view_matrix(from, "sigma", count, d).numbers;
  if (view.inner < (view.form == CovarianceForm::draws ? 2u : 1u)) {
    throw std::invalid_argument("inner: expected more numbers per covariance");
  }
  if (view.form == CovarianceForm::matrices && view.inner != d) {
    throw std::invalid_argument("inner: expected square covariance matrices");
  }
  return view;
}

std::vector<std::uint32_t> copy_indices(const Values& from, const std::string& name, std::size_t count,
                                        std::size_t bound) {
  const std::vector<std::uint32_t>& indices = from.array<std::uint32_t>(name);
  if (indices.size() != count) throw std::invalid_argument(name + ": expected " + std::to_string(count) + " indices");
  if (std::any_of(indices.begin(), indices.end(), [bound](std::uint32_t index) { return index >= bound; })) {
    throw std::invalid_argument(name + ": expected indices below " + std::to_string(bound));
  }
  return indices;
}

std::vector<std::uint64_t> copy_offsets(const Values& from, std::size_t count, std::size_t stored) {
  const std::vector<double>& given = from.array<double>("offsets");
  if (given.size() != count + 1) throw std::invalid_argument("offsets: expected one number per row and one more");
  std::vector<std::uint64_t> offsets;
  for (const double offset : given) {
    const double least = offsets.empty() ? 0 : static_cast<double>(offsets.back());
    const double most = offsets.empty() ? 0 : static_cast<double>(stored);
    if (!(offset >= least && offset <= most)) throw std::invalid_argument("offsets: expected ascending numbers");
    offsets.push_back(static_cast<std::uint64_t>(offset));
  }
  if (offsets.back() != stored)
    throw std::invalid_argument("offsets: expected the last one to be the number of values");
  return offsets;
}

}  // namespace sigma
