#pragma once

#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>

namespace sigma::addon {

// Counts the reports that JavaScript has not received yet. If the event loop is busy, work with large reports waits for
// it instead of filling the memory.
class Backlog {
 public:
  // A report holds a slot until it is delivered or dropped.
  using Slot = std::shared_ptr<void>;

  // Waits for a free slot. Does not wait after the backlog was closed.
  static Slot take(const std::shared_ptr<Backlog>& backlog) {
    std::unique_lock lock(backlog->mutex_);
    backlog->changed_.wait(lock, [&] { return backlog->is_closed_ || backlog->taken_ < kMost; });
    ++backlog->taken_;
    lock.unlock();
    return {nullptr, [backlog](void*) { backlog->give_back(); }};
  }

  // Ends all waiting, now and later. Can be called from any thread. Must be called before the work is stopped and
  // before its thread is awaited.
  void close() {
    const std::lock_guard lock(mutex_);
    is_closed_ = true;
    changed_.notify_all();
  }

 private:
  // Enough for the work and the event loop to run at the same time.
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
