#include "errors.hpp"

#include "../support/failure.hpp"

namespace sigma::addon {

Napi::Error to_js(Napi::Env env, const std::exception_ptr& exception, const char* argument) {
  try {
    std::rethrow_exception(exception);
  } catch (const Napi::Error& error) {
    return error;
  } catch (...) {
    const Failure failure = describe_failure(exception);
    Napi::Error error = Napi::Error::New(env, failure.message);
    error.Set("code", failure.code);
    if (failure.value) {
      if (argument != nullptr) error.Set("argument", argument);
      error.Set("value", failure.value->value);
      error.Set("row", static_cast<double>(failure.value->row));
      error.Set("column", static_cast<double>(failure.value->column));
    }
    return error;
  }
}

}  // namespace sigma::addon
