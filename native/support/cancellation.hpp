#pragma once

#include <atomic>

#include "errors.hpp"

namespace sigma {

// Can be requested from any thread. The working threads check it every few milliseconds.
class Cancellation {
 public:
  void request() { requested_.store(true, std::memory_order_relaxed); }
  void clear() { requested_.store(false, std::memory_order_relaxed); }
  bool requested() const { return requested_.load(std::memory_order_relaxed); }
  void check() const {
    if (requested()) throw Canceled();
  }

 private:
  std::atomic<bool> requested_{false};
};

}  // namespace sigma
