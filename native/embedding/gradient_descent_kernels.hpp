#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>

#include "../support/isa.hpp"

namespace sigma {

// The data of one step of gradient descent over a range of rows.
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
  // If > 0, the step of each point is divided by exaggeration * max(its curvature, least_curvature).
  float least_curvature = 0;
  float largest_gain = INFINITY;
  // The packed P (PackedAffinities) or nullptr. Only `step` uses it, instead of the arrays above.
  const std::uint64_t* packed_offsets = nullptr;
  const std::uint32_t* packed_edges = nullptr;
  std::uint32_t column_mask = 0;
  float unit = 0;
};

struct GradientDescentSums {
  double next[3];    // sum of the new positions, for centering
  double curvature;  // sum of the curvatures
  double slope;      // sum of gradient times velocity before the step; positive if the velocity leads uphill
  float largest;     // largest magnitude among the new positions; infinite if one of them is NaN
};

struct GradientDescentKernels {
  // Computes for the rows [first, last):
  //   g_i = exaggeration sum_j p_ij w_ij (y_i - y_j) - sum_j w_ij^2 (y_i - y_j) / Z, a quarter of dKL/dy_i
  //   (van der Maaten & Hinton 2008, eq. 5; van der Maaten 2014, eq. 8), then gains, momentum and the step. With alpha
  //   degrees of freedom the weights of the attraction are b_ij = 1 / (1 + |y_i - y_j|^2 / alpha).
  // The curvature of point i is S_i = sum_j p_ij b_ij. A parabola of that curvature lies above the attraction and
  // touches it at the present position (Yang, Peltonen & Kaski 2015). The loop over the edges computes b_ij anyway, so
  // the curvature costs one addition per edge and no memory access.
  void (*step)(int output_dimensions, const GradientDescentStep&, std::size_t first, std::size_t last,
               GradientDescentSums& sums);
  // Sum of -p_ij log w_ij = p_ij alpha log(1 + |y_i - y_j|^2 / alpha) over the edges of the rows.
  double (*attraction_energy)(int output_dimensions, const GradientDescentStep&, std::size_t first, std::size_t last);
};

SIGMA_DECLARE_KERNELS(GradientDescentKernels, gradient_descent_kernels)

}  // namespace sigma
