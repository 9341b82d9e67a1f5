#include "support/threads.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <numeric>
#include <stdexcept>
#include <vector>

namespace sigma {
namespace {

TEST(ThreadTeam, RunsEveryChunkOnce) {
  for (const unsigned size : {1u, 2u, 5u}) {
    ThreadTeam team(size);
    for (std::size_t chunks = 0; chunks < 300; ++chunks) {
      std::vector<int> done(chunks, 0);
      team.for_each(chunks, [&](std::size_t chunk, unsigned worker) {
        EXPECT_LT(worker, team.size());
        ++done[chunk];
      });
      EXPECT_EQ(std::accumulate(done.begin(), done.end(), 0), static_cast<int>(chunks));
      for (const int times : done) EXPECT_EQ(times, 1);
    }
  }
}

TEST(ThreadTeam, RangesCoverAllItems) {
  ThreadTeam team(3);
  std::vector<int> seen(1001, 0);
  team.for_ranges(seen.size(), 64, [&](std::size_t first, std::size_t last, std::size_t chunk) {
    EXPECT_EQ(first, chunk * 64);
    for (std::size_t i = first; i < last; ++i) ++seen[i];
  });
  for (const int times : seen) EXPECT_EQ(times, 1);
}

TEST(ThreadTeam, RethrowsTheFirstFailureAndRemainsUsable) {
  ThreadTeam team(4);
  for (int repeat = 0; repeat < 50; ++repeat) {
    try {
      team.for_each(100, [](std::size_t chunk, unsigned) {
        if (chunk % 10 == 3) throw std::runtime_error(std::to_string(chunk));
      });
      FAIL();
    } catch (const std::runtime_error& error) {
      EXPECT_STREQ(error.what(), "3");
    }
    std::atomic<int> done{0};
    team.for_each(20, [&](std::size_t, unsigned) { ++done; });
    EXPECT_EQ(done, 20);
  }
}

TEST(SpinBudget, FallsAfterUnsuccessfulSpinsAndRecovers) {
  SpinBudget budget;
  const int most = budget.next();
  for (int wait = 0; wait < 20; ++wait) budget.report(true);
  EXPECT_LT(budget.next(), most / 100);
  int trials = 0;
  for (int wait = 0; wait < 256; ++wait) trials += budget.next() == most;
  EXPECT_EQ(trials, 4);
  for (int wait = 0; wait < 20; ++wait) budget.report(false);
  EXPECT_EQ(budget.next(), most);
}

TEST(ThreadTeam, CanWorkWhileOtherTeamsWork) {
  std::vector<std::thread> runs;
  std::atomic<int> total{0};
  for (int r = 0; r < 6; ++r) {
    runs.emplace_back([&total] {
      ThreadTeam team(3);
      for (int i = 0; i < 200; ++i) team.for_each(7, [&](std::size_t, unsigned) { ++total; });
    });
  }
  for (std::thread& run : runs) run.join();
  EXPECT_EQ(total, 6 * 200 * 7);
}

}  // namespace
}  // namespace sigma
