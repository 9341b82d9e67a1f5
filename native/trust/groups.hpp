#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "../embedding/run.hpp"
#include "density_groups.hpp"

namespace sigma {

// The largest number of points of a null embedding.
constexpr std::size_t kMostNull = 10000;

struct GroupOptions {
  std::size_t reruns = 20;
  std::size_t nulls = 19;  // number of embeddings of a single Gaussian
  std::uint64_t seed = 42;
};

// Used instead of a group: the point was left out of the rerun.
constexpr std::int32_t kLeftOut = -2;

struct Groups {
  std::vector<std::int32_t> groups;      // n: the group of each point, or DensityGroups::kNone
  std::vector<double> separations;       // of each group
  std::vector<double> outflows;          // of each group: the share of the affinity of its points to points outside
  std::vector<double> null_separations;  // the largest separation of a group in each null embedding; 0 without groups
  std::vector<std::int32_t> reruns;      // reruns x n: the group of each point in each rerun, kNone or kLeftOut
  std::vector<std::int32_t> draws;       // draws x n: the group at the position of each draw, or kNone
};

// Finds the groups of the current embedding and measures how stable they are.
//
// A rerun keeps each point with the probability 1 - 1 / e, the share of the points that a bootstrap sample contains.
// Its P is the P of the run restricted to these points and normalized again. The points start at their positions plus
// Gaussian noise with a tenth of the standard deviation of the positions. A rerun takes a few iterations, first with
// exaggeration, so that groups can form again, and then without exaggeration.
//
// A null embedding is an embedding of as many points, at most kMostNull, from a single Gaussian with the mean and the
// covariance of the points. It uses the options of the run with another seed.
//
// `drawn` is n x draws x output dimensions: the positions of the draws of each point. It is empty if there are no
// draws.
Groups measure_groups(Run& run, const GroupOptions& options, std::span<const float> drawn,
                      const std::function<void(double)>& progress);

// Draws `count` points from the Gaussian with the mean and the covariance of the points. For more than 100 columns, the
// covariance is that of the 100 leading principal components, plus the remaining variance of each column as independent
// noise. Standard deviations are copied from randomly drawn points.
Gaussians draw_gaussian(const Gaussians& points, std::size_t count, double variance_floor, Random& random,
                        ThreadTeam& team, const Cancellation& cancellation);

}  // namespace sigma
