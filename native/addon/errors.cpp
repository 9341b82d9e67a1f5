#include "errors.hpp"

#include <new>
#include <stdexcept>
#include <string>
#include <system_error>

#include "../support/errors.hpp"

namespace sigma::addon {
namespace {

Napi::Error with_code(Napi::Env env, const char* code, const std::string& message) {
  Napi::Error error = Napi::Error::New(env, message);
  error.Set("code", code);
  return error;
}

const char* code_of(BadValue::Reason reason) {
  switch (reason) {
    case BadValue::Reason::not_finite:
      return "NOT_FINITE";
    case BadValue::Reason::negative:
      return "NEGATIVE_SIGMA";
    case BadValue::Reason::negative_variance:
      return "NEGATIVE_VARIANCE";
    case BadValue::Reason::not_symmetric:
      return "NOT_SYMMETRIC";
    case BadValue::Reason::negative_eigenvalue:
      return "NEGATIVE_EIGENVALUE";
  }
  return "INTERNAL";
}

}  // namespace

Napi::Error to_js(Napi::Env env, const std::exception_ptr& failure, const char* argument) {
  try {
    std::rethrow_exception(failure);
  } catch (const Napi::Error& error) {
    return error;
  } catch (const Canceled& error) {
    return with_code(env, "ABORTED", error.what());
  } catch (const Diverged& error) {
    return with_code(env, "DIVERGED", error.what());
  } catch (const BadValue& bad) {
    Napi::Error error = with_code(env, code_of(bad.reason), bad.what());
    if (argument != nullptr) error.Set("argument", argument);
    error.Set("value", bad.value);
    error.Set("row", static_cast<double>(bad.row));
    error.Set("column", static_cast<double>(bad.column));
    return error;
  } catch (const std::bad_alloc&) {
    return with_code(env, "OUT_OF_MEMORY", "not enough memory");
  } catch (const std::length_error&) {
    return with_code(env, "OUT_OF_MEMORY", "more memory than can be addressed");
  } catch (const std::invalid_argument& error) {
    return with_code(env, "INVALID_ARGUMENT", error.what());
  } catch (const std::system_error&) {
    // The one resource that the core asks of the system besides memory.
    return with_code(env, "OUT_OF_MEMORY",
                     "the system gives this process no more threads; lower the option threads, or run less at once");
  } catch (const std::exception& error) {
    return with_code(env, "INTERNAL", error.what());
  }
}

}  // namespace sigma::addon
