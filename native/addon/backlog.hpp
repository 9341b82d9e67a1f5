#pragma once

#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>

namespace sigma::addon {

// Counts what was sent to JavaScript and has not been taken there, so that work whose reports are large waits for an
// event loop that is busy instead of filling the memory.
class Backlog {
 public:
  // Held by what was sent, until it is delivered or dropped.
  using Slot = std::shared_ptr<void>;

  // Waits for a free slot, but not after the backlog was closed.
  static Slot take(const std::shared_ptr<Backlog>& backlog) {
    std::unique_lock lock(backlog->mutex_);
    backlog->changed_.wait(lock, [&] { return backlog->is_closed_ || backlog->taken_ < kMost; });
    ++backlog->taken_;
    lock.unlock();
    return {nullptr, [backlog](void*) { backlog->give_back(); }};
  }

  // From any thread: nobody waits from now on. Whoever stops the work, or waits for its thread, calls this before.
  void close() {
    const std::lock_guard lock(mutex_);
    is_closed_ = true;
    changed_.notify_all();
  }

 private:
  // Enough for work and event loop to go on side by side.
  static constexpr std::size_t kMost = 4;

  void give_back() {
    const std::lock_guard lock(mutex_);
    --taken_;
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t taken_ = 0;
  bool is_closed_ = false;
};

}  // namespace sigma::addon
