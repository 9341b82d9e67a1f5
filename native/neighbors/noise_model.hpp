#pragma once

#include <string_view>
#include <vector>

#include "../support/cancellation.hpp"
#include "../support/threads.hpp"
#include "distance_kernels.hpp"
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
  std::vector<bool> is_measured;          // whether S_k stands out from the noise
};

// Estimates the model from points with standard deviations. m and S come from expectation maximization (Dempster, Laird
// & Rubin 1977) for y_ik ~ N(m_k, S_k + sigma_ik^2). W comes from a second one over pairs of neighbors: with s =
// sigma_ik^2 + sigma_jk^2 and d = y_ik - y_jk, the difference of the true coordinates has the posterior mean g d and
// variance g s, g = 2 W_k / (2 W_k + s), so that W_k <- mean(g^2 d^2 + g s) / 2. The pairs are the 15 nearest neighbors
// under the inverse-variance distance with the floor 0.2 mean(S). Many points are represented by a random sample, whose
// neighbors are searched among all points: 10,000 rows for m and S, and at least 400 rows, 2,000 of up to 200,000
// points, for W. The sample does not depend on the seed of a run, so that a run and its evaluation use the same floor.
//
// The standard error of S_k is sqrt(2 / sum_i (S_k + sigma_ik^2)^-2). A coordinate whose S_k is below three of them
// (fewer for under 72 points) consists of noise: its S_k and W_k are only upper limits, so the means over coordinates
// leave it out, except if all coordinates consist of noise.
NoiseModel estimate_noise_model(const Gaussians& points, ThreadTeam& team, const Cancellation& cancellation);

// The variance floor that the model suggests for a distance, in the caller's squared units. For summed variances it is
// 2 mean_k(W_k): two true neighbors differ by that much without any noise, so that smaller standard deviations do not
// matter. A distance that adds its floor to the variance of each point gets half of it, so that the sum is the same.
double suggest_variance_floor(const NoiseModel& model, const DistanceTraits& traits, double scale);

// The spread of the coordinates for likelihood ratios: B_k = S_k - W_k. Coordinates that consist of noise are left out.
CoordinateSpread find_coordinate_spread(const NoiseModel& model);

// Estimates the floor or the coordinate spread of the points if the distance needs it and it is missing.
void resolve_noise(Gaussians& points, std::string_view distance, ThreadTeam& team, const Cancellation& cancellation);

}  // namespace sigma
