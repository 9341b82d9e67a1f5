#pragma once

#include <cstddef>
#include <vector>

#include "../support/aligned.hpp"
#include "repulsion.hpp"

namespace sigma {

// Every pair, O(n^2).
class ExactRepulsion final : public Repulsion {
 public:
  ExactRepulsion(int dims, ThreadTeam& team) : dims_(dims), team_(team) {}
  double compute(const float* positions, std::size_t n, float* forces) override;

 private:
  int dims_;
  ThreadTeam& team_;
  AlignedVector<float> list_[5], forces_[3];
  std::vector<double> sums_;  // by chunk of points
};

}  // namespace sigma
