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

// The least of several runs, which the rest of the machine has disturbed least. Long work is not repeated often.
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
