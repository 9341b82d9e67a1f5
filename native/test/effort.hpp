// How much a test does: less under the sanitizers, where everything takes some ten times as long.
#pragma once

namespace sigma::test {

#ifdef SIGMA_SANITIZED
constexpr bool kIsSanitized = true;
#else
constexpr bool kIsSanitized = false;
#endif

}  // namespace sigma::test
