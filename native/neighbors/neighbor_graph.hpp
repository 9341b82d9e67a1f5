#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "../support/aligned.hpp"

namespace sigma {

// One flag a point, each held by one thread at a time, briefly.
class PointLocks {
 public:
  explicit PointLocks(std::size_t n) : flags_(new std::atomic_flag[n]) {
    for (std::size_t i = 0; i < n; ++i) flags_[i].clear(std::memory_order_relaxed);
  }

  template <class Body>
  void with(std::size_t i, Body&& body) {
    while (flags_[i].test_and_set(std::memory_order_acquire)) {
    }
    body();
    flags_[i].clear(std::memory_order_release);
  }

 private:
  std::unique_ptr<std::atomic_flag[]> flags_;
};

// The k least candidates of every point so far, by squared distance and then row; fresh ones, which have come since the
// flag was last taken off, carry it. A list is the k least of all that came, so their order does not matter.
class NeighborGraph {
 public:
  // On a row of a list.
  static constexpr std::uint32_t kFresh = 1u << 31;

  NeighborGraph(std::size_t n, std::size_t k);

  std::size_t k() const { return k_; }
  std::uint32_t* rows(std::size_t i) { return &rows_[i * k_]; }
  const float* squared(std::size_t i) const { return &squared_[i * k_]; }
  // What is above it does not enter list i.
  float bound(std::size_t i) const { return bounds_[i].load(std::memory_order_relaxed); }

  // From any thread.
  void offer(std::size_t i, float squared, std::uint32_t row) {
    if (squared <= bound(i)) locks_.with(i, [&] { insert(i, squared, row); });
  }

  // Memory for merging into one list: each thread that merges has its own.
  struct Scratch {
    std::vector<std::uint32_t> rows;
    std::vector<float> squared;
  };

  // Offers `count` candidates at once, in ascending order; from one thread for each list. The first time there must be
  // k of them.
  void merge(std::size_t i, const std::uint32_t* rows, const float* squared, std::size_t count, Scratch& held);

 private:
  void insert(std::size_t i, float squared, std::uint32_t row);

  std::size_t k_;
  AlignedVector<std::uint32_t> rows_;
  AlignedVector<float> squared_;
  std::unique_ptr<std::atomic<float>[]> bounds_;
  PointLocks locks_;
};

}  // namespace sigma
