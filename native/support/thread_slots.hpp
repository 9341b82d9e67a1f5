#pragma once

#include <functional>

namespace sigma {

struct ThreadSlot;

// Replaces std::thread in WebAssembly, where only the host can start threads. The host starts helper threads before the
// work, and each of them waits in a slot (native/wasm/thread_slots.cpp). A SlotThread borrows one of them. Helper
// threads never end, so joining one only waits until its work is done.
class SlotThread {
 public:
  // Throws std::system_error if no helper thread is free.
  explicit SlotThread(std::function<void()> work);
  void join();

 private:
  ThreadSlot* slot_;
};

// Whether the current thread is a helper. Only the thread that called into the module can call back into its host.
bool is_helper_thread();

}  // namespace sigma
