#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <cstdlib>
#include <new>

#include "embedding/run.hpp"
#include "golden.hpp"

// Every allocation of the test program is counted, which only the tests of this file look at.
namespace {

std::atomic<std::size_t> allocations{0};

void* try_to_allocate(std::size_t size, std::size_t alignment) noexcept {
  ++allocations;
  return std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
}

void* allocate(std::size_t size, std::size_t alignment) {
  void* memory = try_to_allocate(size, alignment);
  if (memory == nullptr && size > 0) throw std::bad_alloc();
  return memory;
}

}  // namespace

void* operator new(std::size_t size) {
  return allocate(size, alignof(std::max_align_t));
}
void* operator new(std::size_t size, std::align_val_t alignment) {
  return allocate(size, static_cast<std::size_t>(alignment));
}
// The forms that do not throw as well: under a sanitizer they are the sanitizer's, whose memory the operators below
// must not free.
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return try_to_allocate(size, alignof(std::max_align_t));
}
void* operator new(std::size_t size, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  return try_to_allocate(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::align_val_t) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
  std::free(memory);
}

void operator delete(void* memory, const std::nothrow_t&) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::align_val_t, const std::nothrow_t&) noexcept {
  std::free(memory);
}

namespace sigma {
namespace {

class Allocation : public testing::TestWithParam<std::pair<Method, int>> {};

TEST_P(Allocation, AStepOfASettledRunAllocatesNothing) {
  Options options;
  options.perplexities = {10};
  options.iterations = 1000;
  options.early_exaggeration_iterations = 100;
  options.learning_rate = options.final_learning_rate = 50;
  std::tie(options.method, options.dims) = GetParam();
  options.threads = 2;
  sigma::Run run(test::Golden().points(), options);
  const OnProgress ignore = [](const Progress&) {};
  // Past the last time that rows are sorted. A map that grows takes more memory for its mesh or its tree now and then.
  run.advance(700, ignore);
  std::size_t least = allocations;
  for (int step = 0; step < 10; ++step) {
    const std::size_t before = allocations;
    run.advance(run.iteration() + 1, ignore);
    least = std::min<std::size_t>(least, allocations - before);
  }
  EXPECT_EQ(least, 0u);
}

INSTANTIATE_TEST_SUITE_P(Methods, Allocation,
                         testing::Values(std::pair{Method::particle_mesh, 2}, std::pair{Method::barnes_hut, 2},
                                         std::pair{Method::barnes_hut, 3}, std::pair{Method::exact, 2}));

}  // namespace
}  // namespace sigma
