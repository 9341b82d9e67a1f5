// The size of a test. It is smaller under the sanitizers, because they make everything about ten times as slow.
#pragma once

namespace sigma::test {

#ifdef SIGMA_SANITIZED
constexpr bool kIsSanitized = true;
#else
constexpr bool kIsSanitized = false;
#endif

}  // namespace sigma::test
