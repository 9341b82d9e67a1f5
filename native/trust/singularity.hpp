#pragma once

#include <cstddef>
#include <vector>

#include "../affinity/affinities.hpp"
#include "../repulsion/field.hpp"
#include "../support/cancellation.hpp"
#include "../support/threads.hpp"

namespace sigma {

// An embedding whose rows have the same order as the rows of P.
struct EmbeddingView {
  int output_dimensions = 2;
  const float* positions = nullptr;  // n x stride_of(output_dimensions)
  double degrees_of_freedom = 1;
  double exaggeration = 1;  // factor of the attraction
};

// The second derivatives of each point's own cost, and the scores computed from them (Liu, Ma & Zhong 2025).
//
// The own cost of point i is n / 2 times the terms of the KL divergence that contain its position y. a_j = n p_ij times
// the exaggeration, and the sums are over all other points j:
//   C_i(y) = -sum_j a_j log w_j + n / 2 log Z,  w_j = u_j^alpha,  u_j = 1 / (1 + |d_j|^2 / alpha),  d_j = y - y_j
//   Hessian = 2 sum_j a_j (u_j I - 2 / alpha u_j^2 d_j d_j^T) - 2 n / Z G - 8 n / Z^2 F F^T
//   F = sum_j u_j^(alpha + 1) d_j,  G = dF / dy = sum_j (u_j^(alpha + 1) I - 2 (alpha + 1) / alpha u_j^(alpha + 2) d_j
//   d_j^T)
struct Singularity {
  std::vector<double> hessians;  // n x D (D + 1) / 2: rows of the upper triangle
  std::vector<float> scores;     // n: 1 / the smallest eigenvalue, or infinity if that eigenvalue is not positive
  bool is_exact = true;          // whether F and G are sums over all pairs
};

// Sums over all pairs, in time that grows with n^2. If a field is given, F is interpolated from it and G is computed by
// central differences. This requires a smooth field, which means a mesh, and one degree of freedom.
Singularity measure_singularity(const Affinities& affinities, const EmbeddingView& embedding, const Field* field,
                                ThreadTeam& team, const Cancellation& cancellation);

}  // namespace sigma
