#pragma once

#include <cstddef>
#include <cstdint>

#include "../support/isa.hpp"

namespace sigma {

// One step of gradient descent over some rows.
struct GradientDescentStep {
  const std::uint64_t* offsets;
  const std::uint32_t* columns;
  const float* values;     // P
  const float* positions;  // n x stride
  const float* repulsion;  // n x stride: sum_j w_ij^2 (y_i - y_j)
  float* next;             // n x stride, the new positions
  float* velocity;         // n x stride
  float* gains;            // n x stride
  float exaggeration, inverse_z, momentum, learning_rate;
  float degrees_of_freedom = 1;
  // P as PackedAffinities has it, for the step alone, which reads it rather than the above; or nullptr.
  const std::uint64_t* packed_offsets = nullptr;
  const std::uint32_t* packed_edges = nullptr;
  std::uint32_t column_mask = 0;
  float unit = 0;
};

struct GradientDescentSums {
  double next[3];  // of the new positions, for centering
  float largest;   // magnitude among them; infinite where one is NaN
};

struct GradientDescentKernels {
  // For the rows first to last:
  //   g_i = exaggeration sum_j p_ij w_ij (y_i - y_j) - sum_j w_ij^2 (y_i - y_j) / Z, a quarter of dKL/dy_i
  //   (van der Maaten & Hinton 2008, eq. 5; van der Maaten 2014, eq. 8), then gains, momentum and the step. With alpha
  //   degrees of freedom the weights of the attraction are 1 / (1 + |y_i - y_j|^2 / alpha).
  void (*step)(int output_dimensions, const GradientDescentStep&, std::size_t first, std::size_t last,
               GradientDescentSums& sums);
  // Sum over the rows' edges of -p_ij log w_ij = p_ij alpha log(1 + |y_i - y_j|^2 / alpha).
  double (*attraction_energy)(int output_dimensions, const GradientDescentStep&, std::size_t first, std::size_t last);
};

SIGMA_DECLARE_KERNELS(GradientDescentKernels, gradient_descent_kernels)

}  // namespace sigma
