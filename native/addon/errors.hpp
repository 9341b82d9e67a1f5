#pragma once

#include <napi.h>

#include <exception>

namespace sigma::addon {

// The JavaScript error for an exception of the core: `code` as in src/errors.ts, and the facts it carries.
Napi::Error to_js(Napi::Env env, const std::exception_ptr& failure, const char* argument = nullptr);

}  // namespace sigma::addon
