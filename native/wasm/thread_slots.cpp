// The slots of helper threads. The host makes a slot with sigma_slot_new(), starts a worker with an instance of the
// module on the same memory, and sets the stack pointer and the thread-local block of that instance. The worker then
// calls sigma_slot_serve(), which never returns. This file is compiled only for WebAssembly with threads.
#if defined(__wasm_atomics__)
#include "../support/thread_slots.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <system_error>
#include <utility>
#include <vector>

#include "../support/waiting.hpp"

namespace sigma {

enum SlotState : std::uint32_t {
  kEmpty,     // no helper thread has arrived
  kIdle,      // a helper thread waits for work
  kWorking,   // work was given to the helper thread
  kFinished,  // the work is done, and the team has not noticed it yet
};

struct ThreadSlot {
  std::atomic<std::uint32_t> state{kEmpty};
  std::function<void()> work;
  std::unique_ptr<char[]> memory;
  std::uintptr_t stack_top = 0, thread_locals = 0;

  void become(SlotState next) {
    state.store(next, std::memory_order_release);
    wake_all(state);
  }
  void await(SlotState awaited) {
    for (std::uint32_t seen; (seen = state.load(std::memory_order_acquire)) != awaited;) sleep_while(state, seen);
  }
};

namespace {

constexpr std::size_t kStackBytes = 1 << 20, kAlignment = 64;

// All slots. Only the thread that called into the module uses this list.
std::vector<std::unique_ptr<ThreadSlot>>& slots() {
  static std::vector<std::unique_ptr<ThreadSlot>> all;
  return all;
}

thread_local bool serves_slot = false;

std::atomic<bool> helper_has_failed{false};

std::uintptr_t align(std::uintptr_t address) {
  return (address + kAlignment - 1) / kAlignment * kAlignment;
}

}  // namespace

SlotThread::SlotThread(std::function<void()> work) : slot_(nullptr) {
  for (const auto& slot : slots()) {
    if (slot->state.load(std::memory_order_acquire) != kIdle) continue;
    slot_ = slot.get();
    slot_->work = std::move(work);
    slot_->become(kWorking);
    return;
  }
  throw std::system_error(std::make_error_code(std::errc::resource_unavailable_try_again));
}

void SlotThread::join() {
  slot_->await(kFinished);
  slot_->become(kIdle);
}

bool is_helper_thread() {
  return serves_slot;
}

void require_helpers() {
  if (helper_has_failed.load(std::memory_order_relaxed) && !serves_slot) __builtin_trap();
}

}  // namespace sigma

using sigma::ThreadSlot;

extern "C" {

// Tells the host that the helper thread of the current instance can work.
__attribute__((import_module("host"), import_name("ready"))) void sigma_host_ready(void);

// A new slot for a helper thread, or NULL if memory ran out.
__attribute__((export_name("sigma_slot_new"))) ThreadSlot* sigma_slot_new() {
  try {
    auto slot = std::make_unique<ThreadSlot>();
    const std::size_t thread_locals = sigma::align(__builtin_wasm_tls_size());
    slot->memory = std::make_unique<char[]>(sigma::kAlignment + thread_locals + sigma::kStackBytes);
    slot->thread_locals = sigma::align(reinterpret_cast<std::uintptr_t>(slot->memory.get()));
    // A stack grows down from its top.
    slot->stack_top = slot->thread_locals + thread_locals + sigma::kStackBytes;
    sigma::slots().push_back(std::move(slot));
    return sigma::slots().back().get();
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

__attribute__((export_name("sigma_slot_stack"))) std::uintptr_t sigma_slot_stack(const ThreadSlot* slot) {
  return slot->stack_top;
}
__attribute__((export_name("sigma_slot_thread_locals"))) std::uintptr_t sigma_slot_thread_locals(
    const ThreadSlot* slot) {
  return slot->thread_locals;
}

__attribute__((export_name("sigma_slot_serve"))) void sigma_slot_serve(ThreadSlot* slot) {
  sigma::serves_slot = true;
  slot->become(sigma::kIdle);
  sigma_host_ready();
  for (;;) {
    slot->await(sigma::kWorking);
    slot->work();
    slot->work = nullptr;
    slot->become(sigma::kFinished);
  }
}

// Reports that a helper thread has ended, for example because its stack overflowed. The work that waits for it fails.
__attribute__((export_name("sigma_slot_fail"))) void sigma_slot_fail() {
  sigma::helper_has_failed.store(true, std::memory_order_relaxed);
}

}  // extern "C"
#endif
