// Waiting until another thread changes a word.
#pragma once

#include <atomic>
#include <cstdint>

namespace sigma {

#if defined(__wasm_atomics__)

// Ends the work with a trap if a helper thread has failed, because its part of the work will never be done. Helper
// threads themselves continue to wait.
void require_helpers();

// std::atomic::wait of the C++ library for WebAssembly polls, because it does not use these instructions. The limit of
// a second is only needed to notice that a helper thread has failed.
inline void sleep_while(std::atomic<std::uint32_t>& word, std::uint32_t seen) {
  constexpr std::int64_t kNanoseconds = 1'000'000'000;
  __builtin_wasm_memory_atomic_wait32(reinterpret_cast<std::int32_t*>(&word), static_cast<std::int32_t>(seen),
                                      kNanoseconds);
  require_helpers();
}

inline void wake_all(std::atomic<std::uint32_t>& word) {
  __builtin_wasm_memory_atomic_notify(reinterpret_cast<std::int32_t*>(&word), ~0u);
}

#else

inline void sleep_while(std::atomic<std::uint32_t>& word, std::uint32_t seen) {
  word.wait(seen, std::memory_order_acquire);
}

inline void wake_all(std::atomic<std::uint32_t>& word) {
  word.notify_all();
}

#endif

}  // namespace sigma
