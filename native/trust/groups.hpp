#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "../embedding/run.hpp"
#include "density_groups.hpp"

namespace sigma {

// Points of a null embedding, at most.
constexpr std::size_t kMostNull = 10000;

struct GroupOptions {
  std::size_t reruns = 20;
  std::size_t nulls = 19;  // embeddings of one Gaussian
  std::uint64_t seed = 42;
};

// In the place of a group: the point was left out of the rerun.
constexpr std::int32_t kLeftOut = -2;

struct Groups {
  std::vector<std::int32_t> groups;      // n: the group of each point, or DensityGroups::kNone
  std::vector<double> separations;       // of each group
  std::vector<double> outflows;          // of each group: the share of the affinity of its points to points outside
  std::vector<double> null_separations;  // the largest separation of a group in each null embedding; 0 without groups
  std::vector<std::int32_t> reruns;      // reruns x n: the group of each point in each rerun, kNone or kLeftOut
  std::vector<std::int32_t> draws;       // draws x n: the group in which each draw lands, or kNone
};

// Finds the groups of the embedding as it stands, and measures what becomes of them.
//
// A rerun keeps each point with the probability 1 - 1 / e, the share of the points that a bootstrap sample contains. P
// is that of the run among these points, normalized again. They start at their positions plus Gaussian noise with a
// tenth of the standard deviation of the positions, and take a few iterations: first with exaggeration, so that groups
// can form again, and then without it.
//
// A null embedding is that of as many points, at most kMostNull, from one Gaussian with the mean and the covariance of
// the points, with the options of the run and another seed.
//
// `drawn` is n x draws x output dimensions: where the draws of each point land. It is empty without
// draws.
Groups measure_groups(Run& run, const GroupOptions& options, std::span<const float> drawn,
                      const std::function<void(double)>& progress);

// `count` points from the Gaussian that has the mean and the covariance of the points. Beyond 100 columns the
// covariance is that of the 100 leading principal components, and the variance that they leave in each column is added
// independently. Standard deviations are those of points that are drawn at random.
Gaussians draw_gaussian(const Gaussians& points, std::size_t count, double variance_floor, Random& random,
                        ThreadTeam& team, const Cancellation& cancellation);

}  // namespace sigma
