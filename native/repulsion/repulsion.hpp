#pragma once

#include <cstddef>
#include <memory>

#include "../support/threads.hpp"

namespace sigma {

// Floats from one position to the next: 1-D and 2-D are dense, 3-D is filled up to 4 so that a position is one load.
constexpr std::size_t stride_of(int dims) {
  return dims == 3 ? 4 : static_cast<std::size_t>(dims);
}

// The repulsive half of the gradient: for w_ij = 1 / (1 + |y_i - y_j|^2),
//   force_i = sum_j w_ij^2 (y_i - y_j),  Z = sum_{i != j} w_ij.
class Repulsion {
 public:
  virtual ~Repulsion() = default;
  // `positions` and `forces` are n x stride_of(dims). Returns Z.
  virtual double compute(const float* positions, std::size_t n, float* forces) = 0;
  virtual const char* name() const = 0;
};

// Exact at theta = 0, Barnes-Hut above. The team must outlive it.
std::unique_ptr<Repulsion> make_repulsion(int dims, double theta, ThreadTeam& team);

}  // namespace sigma
