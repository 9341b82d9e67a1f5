#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace sigma {

// How long a thread spins before it sleeps. A step of a small run lasts less than a sleeping thread needs to wake, so
// waiting starts with a spin. That only pays while the awaited threads are running. Where more threads are ready than
// there are processors, in this process or in others, a spin takes a processor from the very thread that it waits for.
// So a spin in vain halves the following ones, and a successful one doubles them; now and then a long spin tries
// whether the load has gone.
class SpinBudget {
 public:
  SpinBudget();
  // The number of spins for the next wait.
  int next();
  // Whether the spin ended before what it waited for came.
  void report(bool was_in_vain);

 private:
  int spins_;
  std::uint32_t waits_ = 0;
};

// A fixed team of threads that one run owns. Work is cut into numbered chunks whose borders do not depend on the number
// of threads, so whoever writes only to its own chunk, and reduces over chunks in their order, gives the same bytes
// with any team.
class ThreadTeam {
 public:
  // `size` threads in all, the caller's among them; at least 1.
  // They start with the first work.
  explicit ThreadTeam(unsigned size);
  ~ThreadTeam() { rest(); }
  ThreadTeam(const ThreadTeam&) = delete;
  ThreadTeam& operator=(const ThreadTeam&) = delete;

  unsigned size() const { return size_; }

  // Ends the threads; the next work starts them again.
  void rest();

  // Calls body(chunk, worker) once for every chunk in [0, chunks), worker in [0, size()). Returns when all are done;
  // rethrows the exception of the first chunk that threw. Not reentrant.
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
  std::vector<std::thread> workers_;
  // The generation of the current job and its next unclaimed chunk, in one word: a thread that wakes late cannot claim
  // a chunk of a job that it has not seen.
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
