#include "boundary.hpp"

#include <algorithm>
#include <iterator>
#include <limits>
#include <new>
#include <stdexcept>

#include "../neighbors/distance.hpp"
#include "../support/failure.hpp"
#include "../support/thread_slots.hpp"

namespace sigma {
namespace {

thread_local Values last_error;
thread_local const char* argument_at_work = nullptr;

void describe_last_error(const Failure& failure) {
  Values& error = last_error;
  error.entries().clear();
  error.set("code", failure.code);
  error.set("message", failure.message);
  if (!failure.value) return;
  if (argument_at_work != nullptr) error.set("argument", argument_at_work);
  error.set("value", failure.value->value);
  error.set("row", failure.value->row);
  error.set("column", failure.value->column);
}

}  // namespace

About::About(const char* argument) {
  argument_at_work = argument;
}

About::~About() {
  // Keeps the name while an exception is being handled, because the error report needs it.
  if (std::uncaught_exceptions() == 0) argument_at_work = nullptr;
}

void keep_last_error() {
  try {
    describe_last_error(describe_failure(std::current_exception()));
  } catch (const std::bad_alloc&) {
    last_error.entries().clear();
  }
  argument_at_work = nullptr;
}

bool Reports::is_wanted(bool is_due) {
  constexpr std::chrono::milliseconds kReportEvery{100};
  if (report_ == nullptr) return false;
#if defined(__wasm_atomics__)
  if (is_helper_thread()) return false;
#endif
  const auto now = std::chrono::steady_clock::now();
  if (!is_due && now - last_ < kReportEvery) return false;
  last_ = now;
  return true;
}

void Reports::send(const Values& report) {
  if (report_(to_c(static_cast<const Values*>(&report)), context_) != 0) cancel_();
}

void Reports::send_fraction(double fraction) {
  if (!is_wanted(false)) return;
  Values report;
  report.set("fraction", std::min(fraction, 1.0));
  send(report);
}

void Reports::add(double share) {
  const std::lock_guard lock(mutex_);
  done_ += share;
  send_fraction(done_);
}

void set_variance_floor(Values& result, const std::string& distance, const Gaussians& points) {
  // Neighbors that were given for points without standard deviations may come from a distance that has no name here.
  if (points.deviations.rows() == 0 || !traits_of(distance).has_floor()) return;
  if (points.variance_floor > 0) result.set("varianceFloor", points.variance_floor);
}

void set_far_value(Values& result, const Gaussians& points) {
  if (!points.far_value) return;
  Values far;
  far.set("row", points.far_value->row);
  far.set("column", points.far_value->column);
  far.set("value", points.far_value->value);
  far.set("times", points.far_value->times);
  result.set("farValue", std::move(far));
}

Gaussians pack_data(const Values& arguments) {
  const About about("data");
  const MatrixView data = view_matrix(arguments, "data");
  return pack_means(data.numbers, data.rows, data.cols);
}

void pack_data_sigma(const Values& arguments, Gaussians& points, double variance_floor) {
  const About about("sigma");
  const MatrixView sigma = view_matrix(arguments, "sigma", points.count(), points.input_dimensions());
  pack_sigma(points, sigma.numbers, variance_floor);
}

}  // namespace sigma

using sigma::from_c;
using sigma::guarded;
using sigma::to_c;
using sigma::Values;

extern "C" {

sigma_values* sigma_values_new(void) {
  return guarded([] { return to_c(new Values); });
}

void sigma_values_free(sigma_values* values) {
  delete reinterpret_cast<Values*>(values);
}

int sigma_set_number(sigma_values* values, const char* name, double number) {
  return guarded([&] { return from_c(values).set(name, number), 1; });
}

int sigma_set_flag(sigma_values* values, const char* name, int flag) {
  return guarded([&] { return from_c(values).set(name, flag != 0), 1; });
}

int sigma_set_text(sigma_values* values, const char* name, const char* text) {
  return guarded([&] { return from_c(values).set(name, text), 1; });
}

int sigma_set_table(sigma_values* values, const char* name, sigma_values* inner) {
  Values::Table taken(&from_c(inner));
  return guarded([&] { return from_c(values).set(name, std::move(taken)), 1; });
}

void* sigma_set_array(sigma_values* values, const char* name, int kind, size_t length) {
  return guarded([&]() -> void* {
    Values::Value& value = from_c(values).entries()[name];
    switch (kind) {
      case SIGMA_FLOAT32:
        return value.emplace<std::vector<float>>(length).data();
      case SIGMA_FLOAT64:
        return value.emplace<std::vector<double>>(length).data();
      case SIGMA_UINT32:
        return value.emplace<std::vector<std::uint32_t>>(length).data();
      case SIGMA_INT32:
        return value.emplace<std::vector<std::int32_t>>(length).data();
      default:
        throw std::invalid_argument("kind: expected SIGMA_FLOAT32, SIGMA_FLOAT64, SIGMA_UINT32 or SIGMA_INT32");
    }
  });
}

size_t sigma_count(const sigma_values* values) {
  return from_c(values).entries().size();
}

const char* sigma_name(const sigma_values* values, size_t i) {
  const auto& entries = from_c(values).entries();
  return i < entries.size() ? std::next(entries.begin(), static_cast<std::ptrdiff_t>(i))->first.c_str() : nullptr;
}

int sigma_kind_of(const sigma_values* values, const char* name) {
  // The constants of the kinds follow the order of the types in Values::Value.
  const Values::Value* value = from_c(values).find(name);
  return value == nullptr ? SIGMA_ABSENT : static_cast<int>(value->index()) + 1;
}

double sigma_get_number(const sigma_values* values, const char* name) {
  const double* number = from_c(values).get<double>(name);
  return number == nullptr ? std::numeric_limits<double>::quiet_NaN() : *number;
}

int sigma_get_flag(const sigma_values* values, const char* name) {
  const bool* flag = from_c(values).get<bool>(name);
  return flag != nullptr && *flag ? 1 : 0;
}

const char* sigma_get_text(const sigma_values* values, const char* name) {
  const std::string* text = from_c(values).get<std::string>(name);
  return text == nullptr ? nullptr : text->c_str();
}

const sigma_values* sigma_get_table(const sigma_values* values, const char* name) {
  const Values::Table* table = from_c(values).get<Values::Table>(name);
  return table == nullptr ? nullptr : to_c(static_cast<const Values*>(table->get()));
}

const void* sigma_get_array(const sigma_values* values, const char* name) {
  if (const auto* array = from_c(values).get<std::vector<float>>(name)) return array->data();
  if (const auto* array = from_c(values).get<std::vector<double>>(name)) return array->data();
  if (const auto* array = from_c(values).get<std::vector<std::uint32_t>>(name)) return array->data();
  if (const auto* array = from_c(values).get<std::vector<std::int32_t>>(name)) return array->data();
  return nullptr;
}

size_t sigma_get_length(const sigma_values* values, const char* name) {
  if (const auto* array = from_c(values).get<std::vector<float>>(name)) return array->size();
  if (const auto* array = from_c(values).get<std::vector<double>>(name)) return array->size();
  if (const auto* array = from_c(values).get<std::vector<std::uint32_t>>(name)) return array->size();
  if (const auto* array = from_c(values).get<std::vector<std::int32_t>>(name)) return array->size();
  return 0;
}

const sigma_values* sigma_last_error(void) {
  return to_c(static_cast<const Values*>(&sigma::last_error));
}

}  // extern "C"
