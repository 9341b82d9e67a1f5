#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace sigma {

// The descent takes a share of the full step. The share grows after a step that lowers the cost and shrinks otherwise.
constexpr double kGrowth = 1.3, kShrink = 0.4, kLargestShare = 8, kLeastShare = 0.02;
// Steps shorter than this, in units of the embedding, end the minimization.
constexpr float kArrived = 2e-4f;

// The cost at a position without its constant part, and the full step that lowers the cost.
struct Cost {
  double value;
  float step[3];
};

struct Bounds {
  const float *low, *high;
};

// Minimizes the cost, starting at y, and returns the cost at the end. A point that reaches the bounds would continue to
// infinity, because its neighbors lie too far apart to hold it. Such a point returns to its start among its neighbors,
// which is its best position.
template <class Evaluate>
Cost minimize(float (&y)[3], std::size_t columns, const Bounds& bounds, std::uint64_t iterations, Evaluate&& evaluate) {
  const Cost first = evaluate(y);
  const float start[3] = {y[0], y[1], y[2]};
  Cost cost = first;
  double share = 1;
  for (std::uint64_t step = 0; step < iterations && share > kLeastShare; ++step) {
    float next[3] = {}, moved = 0;
    for (std::size_t d = 0; d < columns; ++d) {
      next[d] = std::clamp(y[d] + static_cast<float>(share) * cost.step[d], bounds.low[d], bounds.high[d]);
      moved = std::max(moved, std::abs(next[d] - y[d]));
    }
    if (moved < kArrived) break;
    const Cost there = evaluate(next);
    if (there.value < cost.value) {
      std::copy_n(next, columns, y);
      cost = there;
      share = std::min(kLargestShare, share * kGrowth);
    } else {
      share *= kShrink;
    }
  }
  for (std::size_t d = 0; d < columns; ++d) {
    if (y[d] > bounds.low[d] && y[d] < bounds.high[d]) continue;
    std::copy_n(start, columns, y);
    return first;
  }
  return cost;
}

}  // namespace sigma
