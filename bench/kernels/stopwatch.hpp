#pragma once

#include <algorithm>
#include <chrono>
#include <limits>

namespace sigma::bench {

template <class Work>
double seconds_of(Work&& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

// Returns the shortest time of several runs, which other programs on the machine have disturbed least. Long work is
// repeated fewer times.
template <class Work>
double best_seconds(Work&& work) {
  constexpr int kMostRepeats = 30;
  constexpr double kLongEnough = 1.5;
  double best = std::numeric_limits<double>::infinity(), total = 0;
  for (int repeat = 0; repeat < kMostRepeats && (repeat < 2 || total < kLongEnough); ++repeat) {
    if (repeat == 1 && total > 4 * kLongEnough) break;
    const double seconds = seconds_of(work);
    best = std::min(best, seconds);
    total += seconds;
  }
  return best;
}

}  // namespace sigma::bench
