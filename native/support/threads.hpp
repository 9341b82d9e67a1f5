#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "thread_slots.hpp"

namespace sigma {

#if defined(__wasm_atomics__)
using TeamThread = SlotThread;
#else
using TeamThread = std::thread;
#endif

// Decides how long a thread spins before it sleeps. A step of a small run takes less time than waking a sleeping
// thread, so every wait starts with a spin. Spinning only pays while the awaited threads are running. If more threads
// are ready than there are processors, in this process or in others, a spin takes a processor from the very thread for
// which it waits. Therefore an unsuccessful spin halves the next one, and a successful spin doubles it. Now and then a
// long spin tests whether the load has ended.
class SpinBudget {
 public:
  SpinBudget();
  // The number of spins for the next wait.
  int next();
  // `was_in_vain`: the spin ended before the awaited event.
  void report(bool was_in_vain);

 private:
  int spins_;
  std::uint32_t waits_ = 0;
};

// A fixed team of threads that belongs to one run. Work is divided into numbered chunks whose borders do not depend on
// the number of threads. A computation gives the same bytes with any team if each chunk only writes its own results,
// and if sums over chunks are computed in the order of the chunks.
class ThreadTeam {
 public:
  // `size` is the number of threads including the caller's, at least 1. The threads start with the first work.
  explicit ThreadTeam(unsigned size);
  ~ThreadTeam() { rest(); }
  ThreadTeam(const ThreadTeam&) = delete;
  ThreadTeam& operator=(const ThreadTeam&) = delete;

  unsigned size() const { return size_; }

  // Ends the threads. The next work starts them again.
  void rest();

  // Calls body(chunk, worker) once for every chunk in [0, chunks), with worker in [0, size()). Returns when all chunks
  // are done. Rethrows the exception of the first chunk that threw. Not reentrant.
  template <class Body>
  void for_each(std::size_t chunks, Body&& body) {
    run(
        chunks,
        [](void* context, std::size_t chunk, unsigned worker) {
          (*static_cast<std::remove_reference_t<Body>*>(context))(chunk, worker);
        },
        const_cast<void*>(static_cast<const void*>(&body)));
  }

  // Calls body(first, last, chunk) for consecutive ranges of `grain` items that cover [0, items).
  template <class Body>
  void for_ranges(std::size_t items, std::size_t grain, Body&& body) {
    for_each((items + grain - 1) / grain, [&](std::size_t chunk, unsigned) {
      const std::size_t first = chunk * grain;
      body(first, first + grain < items ? first + grain : items, chunk);
    });
  }

 private:
  using Invoke = void (*)(void*, std::size_t, unsigned);
  void run(std::size_t chunks, Invoke invoke, void* context);
  void work_on(std::uint32_t generation, unsigned worker);
  bool claim(std::uint32_t generation, std::size_t& chunk);
  void start();
  void serve(unsigned worker, std::uint32_t last);

  unsigned size_;
  SpinBudget spins_;  // of the calling thread
  std::vector<TeamThread> workers_;
  // The generation of the current job and its next unclaimed chunk, in one word. A thread that wakes late therefore
  // cannot claim a chunk of a newer job.
  std::atomic<std::uint64_t> ticket_{0};
  std::atomic<std::uint32_t> generation_{0};
  std::atomic<std::uint32_t> chunks_{0};
  std::atomic<std::uint32_t> done_{0};
  std::atomic<Invoke> invoke_{nullptr};
  std::atomic<void*> context_{nullptr};
  std::atomic<bool> closing_{false};
  std::mutex failure_mutex_;
  std::exception_ptr failure_;
  std::size_t failed_chunk_ = 0;
};

}  // namespace sigma
