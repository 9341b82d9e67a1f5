#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <new>
#include <tuple>

#include "embedding/run.hpp"
#include "golden.hpp"

// Counts every allocation of the test program, and can make allocations fail. Only the tests of this file use this.
namespace {

constexpr std::int64_t kAll = std::numeric_limits<std::int64_t>::max();

std::atomic<std::size_t> allocations{0};
// The number of further allocations that succeed. After them, every allocation fails.
std::atomic<std::int64_t> granted{kAll};

void* try_to_allocate(std::size_t size, std::size_t alignment) noexcept {
  ++allocations;
  if (granted.load(std::memory_order_relaxed) != kAll && granted.fetch_sub(1) <= 0) return nullptr;
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
// The forms that do not throw must be replaced as well. Under a sanitizer they would be the sanitizer's, and the
// operators below must not free its memory. If GCC inlines the operators that release memory, it warns that free() gets
// memory from operator new.
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return try_to_allocate(size, alignof(std::max_align_t));
}
void* operator new(std::size_t size, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  return try_to_allocate(size, static_cast<std::size_t>(alignment));
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
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

TEST_P(Allocation, DoesNotHappenInAStepOfASettledRun) {
  Options options;
  options.perplexities = {10};
  options.iterations = 1000;
  options.early_exaggeration_iterations = 100;
  options.learning_rate = options.final_learning_rate = 50;
  std::tie(options.method, options.output_dimensions) = GetParam();
  options.threads = 2;
  sigma::Run run(test::Golden().points(), options);
  const OnProgress ignore = [](const Progress&) {};
  // This is after the last time that rows are sorted. An embedding that grows occasionally needs more memory for its
  // mesh or its tree.
  run.advance(700, ignore);
  std::size_t least = allocations;
  for (int step = 0; step < 10; ++step) {
    const std::size_t before = allocations;
    run.advance(run.iteration() + 1, ignore);
    least = std::min<std::size_t>(least, allocations - before);
  }
  EXPECT_EQ(least, 0u);
}

// Continues to iteration `until`. Between two reports of the run, memory runs out at the first allocation, at the
// second, and so on, until no allocation fails. Returns the number of failures.
int advance_short_of_memory(sigma::Run& run, std::uint64_t until) {
  std::tuple<std::uint64_t, Stage, double> farthest{run.iteration(), Stage::pca, -1};
  std::int64_t grant = 0;
  const OnProgress report = [&](const Progress& progress) {
    const std::tuple now{progress.iteration, progress.stage, progress.fraction};
    if (now <= farthest) return;
    farthest = now;
    granted = grant = 0;
  };
  for (int failures = 0;; ++failures, ++grant) {
    try {
      granted = grant;
      run.advance(until, report);
      granted = kAll;
      return failures;
    } catch (const std::bad_alloc&) {
      granted = kAll;
    }
  }
}

RunState copy_state(const sigma::Run& run) {
  return {.points = run.points(),
          .frame = run.frame(),
          .order = run.order(),
          .positions = run.positions(),
          .optimizer = run.optimizer(),
          .iteration = run.iteration(),
          .kl = run.recorded_kl()};
}

TEST_P(Allocation, FailureDoesNotChangeTheEmbeddingOfARunThatContinues) {
  const test::Golden golden;
  Options options;
  options.perplexities = {10};
  options.pca_components = 5;
  options.learning_rate = options.final_learning_rate = 50;
  std::tie(options.method, options.output_dimensions) = GetParam();
  options.threads = 2;
  const auto points = [&] { return pack_means({nullptr, golden.mu.data()}, golden.n, golden.d); };
  const OnProgress ignore = [](const Progress&) {};
  sigma::Run whole(points(), options), halting(points(), options);
  whole.advance(48, ignore);
  EXPECT_GT(advance_short_of_memory(halting, 48), 20);
  EXPECT_EQ(halting.embedding(), whole.embedding());
  EXPECT_EQ(halting.kl(), whole.kl());
  // The rows are sorted again after 50 iterations.
  sigma::Run restored(copy_state(whole), options);
  whole.advance(55, ignore);
  for (sigma::Run* run : {&halting, &restored}) {
    EXPECT_GT(advance_short_of_memory(*run, 55), 5);
    EXPECT_EQ(run->embedding(), whole.embedding());
    EXPECT_EQ(run->kl(), whole.kl());
  }
}

INSTANTIATE_TEST_SUITE_P(Methods, Allocation,
                         testing::Values(std::pair{Method::particle_mesh, 2}, std::pair{Method::barnes_hut, 2},
                                         std::pair{Method::barnes_hut, 3}, std::pair{Method::exact, 2}));

}  // namespace
}  // namespace sigma
