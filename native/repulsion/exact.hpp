#pragma once

#include <cstddef>
#include <vector>

#include "../support/aligned.hpp"
#include "../support/cancellation.hpp"
#include "repulsion.hpp"

namespace sigma {

// Computes every pair, O(n^2). Because this can take long, the computation can be canceled if a `Cancellation` is
// given.
class ExactRepulsion final : public Repulsion {
 public:
  ExactRepulsion(int output_dimensions, ThreadTeam& team, double degrees_of_freedom = 1,
                 const Cancellation* cancellation = nullptr)
      : output_dimensions_(output_dimensions),
        team_(team),
        degrees_of_freedom_(static_cast<float>(degrees_of_freedom)),
        cancellation_(cancellation) {}
  double compute(const float* positions, std::size_t n, float* forces) override;

 private:
  int output_dimensions_;
  ThreadTeam& team_;
  float degrees_of_freedom_;
  const Cancellation* cancellation_;
  AlignedVector<float> list_[5], forces_[3];
  std::vector<double> sums_;  // one per chunk of points
};

}  // namespace sigma
