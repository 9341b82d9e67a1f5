#include "threads.hpp"

#include <algorithm>
#include <limits>
#include <stdexcept>

#include "waiting.hpp"

namespace sigma {
namespace {

inline void pause() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#elif defined(__wasm_atomics__)
  // WebAssembly has no instruction for a pause. A fence takes a similar time.
  std::atomic_thread_fence(std::memory_order_seq_cst);
#endif
}

constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

// On common processors a pause takes 40 to 140 cycles, so the longest spin takes 50 to 200 microseconds.
constexpr int kMostSpins = 4000, kLeastSpins = 16;
constexpr std::uint32_t kWaitsPerTrial = 64;

template <class Arrived>
std::uint32_t await_change(std::atomic<std::uint32_t>& value, Arrived arrived, SpinBudget& budget) {
  std::uint32_t seen = value.load(std::memory_order_acquire);
  if (arrived(seen)) return seen;
  for (int spin = budget.next(); spin > 0 && !arrived(seen); --spin) {
    pause();
    seen = value.load(std::memory_order_acquire);
  }
  budget.report(!arrived(seen));
  while (!arrived(seen)) {
    sleep_while(value, seen);
    seen = value.load(std::memory_order_acquire);
  }
  return seen;
}

}  // namespace

SpinBudget::SpinBudget() : spins_(kMostSpins) {}

int SpinBudget::next() {
  return ++waits_ % kWaitsPerTrial == 0 ? kMostSpins : spins_;
}

void SpinBudget::report(bool was_in_vain) {
  spins_ = was_in_vain ? std::max(spins_ / 2, kLeastSpins) : std::min(spins_ * 2, kMostSpins);
}

ThreadTeam::ThreadTeam(unsigned size) : size_(std::max(size, 1u)) {}

void ThreadTeam::start() {
  const std::uint32_t now = generation_.load(std::memory_order_relaxed);
  closing_.store(false, std::memory_order_relaxed);
  try {
    for (unsigned worker = 1; worker < size_; ++worker)
      workers_.emplace_back([this, worker, now] { serve(worker, now); });
  } catch (const std::exception&) {
    // The system provides no more threads, or no memory for them. Continue with the existing threads; the result does
    // not depend on their number.
  }
}

void ThreadTeam::rest() {
  closing_.store(true, std::memory_order_release);
  generation_.fetch_add(1, std::memory_order_release);
  wake_all(generation_);
  for (auto& worker : workers_) worker.join();
  workers_.clear();
}

void ThreadTeam::serve(unsigned worker, std::uint32_t last) {
  SpinBudget spins;
  for (;;) {
    last = await_change(generation_, [last](std::uint32_t now) { return now != last; }, spins);
    if (closing_.load(std::memory_order_acquire)) return;
    work_on(last, worker);
  }
}

bool ThreadTeam::claim(std::uint32_t generation, std::size_t& chunk) {
  std::uint64_t ticket = ticket_.load(std::memory_order_acquire);
  for (;;) {
    if (static_cast<std::uint32_t>(ticket >> 32) != generation) return false;
    const auto next = static_cast<std::uint32_t>(ticket);
    if (next >= chunks_.load(std::memory_order_acquire)) return false;
    if (ticket_.compare_exchange_weak(ticket, ticket + 1, std::memory_order_acq_rel, std::memory_order_acquire)) {
      chunk = next;
      return true;
    }
  }
}

void ThreadTeam::work_on(std::uint32_t generation, unsigned worker) {
  std::size_t chunk;
  while (claim(generation, chunk)) {
    try {
      invoke_.load(std::memory_order_relaxed)(context_.load(std::memory_order_relaxed), chunk, worker);
    } catch (...) {
      const std::lock_guard lock(failure_mutex_);
      if (!failure_ || chunk < failed_chunk_) {
        failure_ = std::current_exception();
        failed_chunk_ = chunk;
      }
    }
    const auto total = chunks_.load(std::memory_order_relaxed);
    if (done_.fetch_add(1, std::memory_order_acq_rel) + 1 == total) wake_all(done_);
  }
}

void ThreadTeam::run(std::size_t chunks, Invoke invoke, void* context) {
  if (chunks == 0) return;
  if (workers_.empty() && size_ > 1 && chunks > 1) start();
  if (workers_.empty() || chunks == 1) {
    for (std::size_t chunk = 0; chunk < chunks; ++chunk) invoke(context, chunk, 0);
    return;
  }
  if (chunks >= kNone) throw std::length_error("too many chunks of work");
  const std::uint32_t generation = generation_.load(std::memory_order_relaxed) + 1;
  const auto total = static_cast<std::uint32_t>(chunks);
  // The old ticket must be invalidated before the new job is stored. Otherwise a late thread could claim a chunk of the
  // old job using the size of the new one.
  ticket_.store(std::uint64_t{generation} << 32 | kNone, std::memory_order_release);
  chunks_.store(total, std::memory_order_release);
  invoke_.store(invoke, std::memory_order_relaxed);
  context_.store(context, std::memory_order_relaxed);
  done_.store(0, std::memory_order_relaxed);
  ticket_.store(std::uint64_t{generation} << 32, std::memory_order_release);
  generation_.store(generation, std::memory_order_release);
  wake_all(generation_);
  work_on(generation, 0);
  await_change(done_, [total](std::uint32_t done) { return done == total; }, spins_);
  if (failure_) {
    const std::exception_ptr failure = failure_;
    failure_ = nullptr;
    std::rethrow_exception(failure);
  }
}

}  // namespace sigma
