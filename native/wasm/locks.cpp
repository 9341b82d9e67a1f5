// Locks for WebAssembly with threads. zig's C library for WebAssembly is made for one thread: its mutexes do not lock,
// and its functions for memory must not run at the same time. This file is compiled only for WebAssembly with threads.
#if defined(__wasm_atomics__)
#include <pthread.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "lock.hpp"

namespace {

std::int32_t memory_word = 0;

struct MemoryLock {
  MemoryLock() { sigma::lock_word(&memory_word); }
  ~MemoryLock() { sigma::unlock_word(&memory_word); }
};

// The first word of a mutex or a condition variable, which is 0 in a new one.
std::int32_t* word_of(void* object) {
  return static_cast<std::int32_t*>(object);
}

}  // namespace

extern "C" {

// The two functions of zig's C library that the others are made from. It defines all functions for memory as weak
// symbols, which those below replace.
void* memalign(std::size_t alignment, std::size_t bytes);
void* reallocarray(void* memory, std::size_t count, std::size_t bytes);

static void* allocate(std::size_t bytes, std::size_t alignment = alignof(std::max_align_t)) {
  const MemoryLock lock;
  return memalign(alignment, bytes);
}
void* malloc(std::size_t bytes) {
  return allocate(bytes);
}
void* aligned_alloc(std::size_t alignment, std::size_t bytes) {
  return allocate(bytes, alignment);
}
void* calloc(std::size_t count, std::size_t bytes) {
  std::size_t total;
  if (__builtin_mul_overflow(count, bytes, &total)) return nullptr;
  void* memory = allocate(total);
  if (memory != nullptr) std::memset(memory, 0, total);
  return memory;
}
void* realloc(void* memory, std::size_t bytes) {
  const MemoryLock lock;
  return reallocarray(memory, 1, bytes);
}
int posix_memalign(void** memory, std::size_t alignment, std::size_t bytes) {
  *memory = allocate(bytes, alignment);
  return *memory == nullptr ? ENOMEM : 0;
}
// Zero bytes free the memory.
void free(void* memory) {
  const MemoryLock lock;
  reallocarray(memory, 0, 0);
}

int pthread_mutex_lock(pthread_mutex_t* mutex) {
  sigma::lock_word(word_of(mutex));
  return 0;
}
int pthread_mutex_unlock(pthread_mutex_t* mutex) {
  sigma::unlock_word(word_of(mutex));
  return 0;
}
// The word of a condition variable counts its signals. A thread sleeps until the count differs from the count that it
// read while it held the mutex, so it misses no signal.
int pthread_cond_wait(pthread_cond_t* condition, pthread_mutex_t* mutex) {
  std::int32_t* const count = word_of(condition);
  const std::int32_t seen = __atomic_load_n(count, __ATOMIC_ACQUIRE);
  sigma::unlock_word(word_of(mutex));
  __builtin_wasm_memory_atomic_wait32(count, seen, -1);
  sigma::lock_word(word_of(mutex));
  return 0;
}
int pthread_cond_broadcast(pthread_cond_t* condition) {
  std::int32_t* const count = word_of(condition);
  __atomic_add_fetch(count, 1, __ATOMIC_RELEASE);
  __builtin_wasm_memory_atomic_notify(count, ~0u);
  return 0;
}
// Callers check their condition again after each wait, so waking all of them is allowed.
int pthread_cond_signal(pthread_cond_t* condition) {
  return pthread_cond_broadcast(condition);
}

}  // extern "C"
#endif
