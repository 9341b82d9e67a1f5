#pragma once

#include <napi.h>

#include <exception>

namespace sigma::addon {

// The JavaScript error for an exception of the core, with a `code` of src/errors.ts and the data of the exception.
Napi::Error to_js(Napi::Env env, const std::exception_ptr& failure, const char* argument = nullptr);

// Calls `make`. Exceptions become a JavaScript error that names `argument`.
template <class Make>
auto about(Napi::Env env, const char* argument, Make&& make) {
  try {
    return make();
  } catch (...) {
    throw to_js(env, std::current_exception(), argument);
  }
}

}  // namespace sigma::addon
