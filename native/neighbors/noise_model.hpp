#pragma once

#include <string_view>
#include <vector>

#include "../support/cancellation.hpp"
#include "../support/threads.hpp"
#include "distance_kernels.hpp"
#include "gaussians.hpp"

namespace sigma {

// A model of the true coordinates x_ik behind the measured points y_ik with standard deviations sigma_ik. For each
// coordinate k, y_ik ~ N(x_ik, sigma_ik^2) and x_ik ~ N(m_k, S_k). For true neighbors i and j, x_ik - x_jk ~ N(0, 2
// W_k). All numbers are in the frame of the packed points: m_k in units of their scale, S_k and W_k in units of its
// square.
struct NoiseModel {
  std::vector<double> mean;               // m_k
  std::vector<double> variance;           // S_k, above 0
  std::vector<double> neighbor_variance;  // W_k, from 0.003 S_k to 0.9 S_k
  std::vector<bool> is_measured;          // whether S_k is significantly above the noise
};

// Estimates the model from points with standard deviations. m and S come from expectation maximization (Dempster, Laird
// & Rubin 1977) for y_ik ~ N(m_k, S_k + sigma_ik^2). W comes from a second expectation maximization over pairs of
// neighbors. With s = sigma_ik^2 + sigma_jk^2, d = y_ik - y_jk and g = 2 W_k / (2 W_k + s), the difference of the true
// coordinates has the posterior mean g d and the posterior variance g s, so that W_k <- mean(g^2 d^2 + g s) / 2. The
// pairs are the 15 nearest neighbors under the inverse-variance distance with the floor 0.2 mean(S). Large data are
// represented by a random sample, whose neighbors are searched among all points: 10,000 rows for m and S; for W, 2,000
// rows of up to 200,000 points and at least 400 rows of more points. The sample does not depend on the seed of a run,
// so that a run and its evaluation use the same floor.
//
// The standard error of S_k is sqrt(2 / sum_i (S_k + sigma_ik^2)^-2). If S_k is below three standard errors (fewer for
// under 72 points), the coordinate consists of noise, and its S_k and W_k are only upper limits. Means over coordinates
// therefore leave it out, unless all coordinates consist of noise.
NoiseModel estimate_noise_model(const Gaussians& points, ThreadTeam& team, const Cancellation& cancellation);

// The variance floor that the model suggests for a distance, in the caller's squared units. For a distance that adds
// the floor to the sum of two variances, it is 2 mean_k(W_k): two true neighbors differ by that much even without
// noise, so smaller standard deviations do not matter. A distance that adds the floor to the variance of each point
// gets half of it, which gives the same sum.
double suggest_variance_floor(const NoiseModel& model, const DistanceTraits& traits, double scale);

// The spread of the coordinates for likelihood ratios, with B_k = S_k - W_k. Coordinates that consist of noise get B_k
// = 0, which leaves them out.
CoordinateSpread find_coordinate_spread(const NoiseModel& model);

// Estimates the floor or the coordinate spread of the points if the distance needs it and it is missing.
void resolve_noise(Gaussians& points, std::string_view distance, ThreadTeam& team, const Cancellation& cancellation);

}  // namespace sigma
