// A lock for threads of WebAssembly that may wait.
#pragma once

#include <cstdint>

namespace sigma {

// A word in memory is 0 if it is free, 1 if it is locked, and 2 if it is locked and threads wait for it.
inline void lock_word(std::int32_t* word) {
  std::int32_t seen = 0;
  if (__atomic_compare_exchange_n(word, &seen, 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) return;
  while (__atomic_exchange_n(word, 2, __ATOMIC_ACQUIRE) != 0) __builtin_wasm_memory_atomic_wait32(word, 2, -1);
}

inline void unlock_word(std::int32_t* word) {
  if (__atomic_exchange_n(word, 0, __ATOMIC_RELEASE) == 2) __builtin_wasm_memory_atomic_notify(word, 1);
}

}  // namespace sigma
