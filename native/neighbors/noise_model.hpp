#pragma once

#include <vector>

#include "../support/cancellation.hpp"
#include "../support/threads.hpp"
#include "gaussians.hpp"

namespace sigma {

// What the measured points y_ik with their standard deviations sigma_ik say about the true coordinates x_ik behind
// them, per coordinate k: y_ik ~ N(x_ik, sigma_ik^2), x_ik ~ N(m_k, S_k), and for true neighbors i and j, x_ik - x_jk ~
// N(0, 2 W_k). All numbers are in the frame of the packed points: m_k in units of their scale, S_k and W_k in its
// square.
struct NoiseModel {
  std::vector<double> mean;               // m_k
  std::vector<double> variance;           // S_k, above 0
  std::vector<double> neighbor_variance;  // W_k, from 0.003 S_k to 0.9 S_k
};

// Estimates the model from points with standard deviations. m and S come from expectation maximization (Dempster, Laird
// & Rubin 1977) for y_ik ~ N(m_k, S_k + sigma_ik^2). W comes from a second one over pairs of neighbors: with s =
// sigma_ik^2 + sigma_jk^2 and d = y_ik - y_jk, the difference of the true coordinates has the posterior mean g d and
// variance g s, g = 2 W_k / (2 W_k + s), so that W_k <- mean(g^2 d^2 + g s) / 2. The pairs are the 15 nearest neighbors
// under the inverse-variance distance with the floor 0.2 mean(S). Many points are represented by a random sample, whose
// neighbors are searched among all points.
NoiseModel estimate_noise_model(const Gaussians& points, ThreadTeam& team, const Cancellation& cancellation);

// The variance floor that the model suggests for summed variances, 2 mean_k(W_k), in the caller's squared units. Two
// true neighbors differ by that much without any noise, so that smaller standard deviations do not matter.
double suggest_variance_floor(const NoiseModel& model, double scale);

}  // namespace sigma
