#include "failure.hpp"

#include <new>
#include <stdexcept>
#include <system_error>

#include "errors.hpp"

namespace sigma {
namespace {

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

Failure describe_failure(const std::exception_ptr& exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const Canceled& error) {
    return {"ABORTED", error.what(), {}};
  } catch (const Diverged& error) {
    return {"DIVERGED", error.what(), {}};
  } catch (const BadValue& bad) {
    return {code_of(bad.reason), bad.what(), Failure::Value{bad.value, bad.row, bad.column}};
  } catch (const std::bad_alloc&) {
    return {"OUT_OF_MEMORY", "not enough memory", {}};
  } catch (const std::length_error&) {
    return {"OUT_OF_MEMORY", "the data needs more memory than can be addressed", {}};
  } catch (const std::invalid_argument& error) {
    return {"INVALID_ARGUMENT", error.what(), {}};
  } catch (const std::system_error&) {
    // Threads are the only resource, besides memory, that the core requests from the system.
    return {"OUT_OF_MEMORY",
            "the system gives this process no more threads; lower the option threads, or run less at once",
            {}};
  } catch (const std::exception& error) {
    return {"INTERNAL", error.what(), {}};
  } catch (...) {
    return {"INTERNAL", "an exception of an unknown type", {}};
  }
}

}  // namespace sigma
