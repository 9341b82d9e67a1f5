#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "../neighbors/gaussians.hpp"
#include "placement.hpp"

namespace sigma {

struct UncertaintyOptions {
  std::size_t samples = 10;    // (>= 2) drawn from each point
  std::size_t neighbors = 10;  // [1, n - 1] k of the neighborhood on the map
  std::uint64_t seed = 42;
  PlacementOptions placement;
};

// How firmly points hold their places on a map.
struct PositionUncertainty {
  std::vector<float> displacements;  // count: mean distance of the samples' places from the point's own
  std::vector<float> covariances;    // count x dims (dims + 1) / 2: of those places, rows of the upper triangle
  std::vector<float> shares;         // count: of the samples no farther from it than its k-th nearest point of the map
};

// Draws samples of each of the points `rows` from its Gaussian, with the point's own sigma, and places them into the
// map as new points that do not see the point itself. What it gives for a point depends on the seed and the point
// alone. The map's points have sigma.
PositionUncertainty measure_uncertainty(FittedMap& map, std::span<const std::uint32_t> rows,
                                        const UncertaintyOptions& options, ThreadTeam& team,
                                        const Cancellation& cancellation, const FittedMap::OnShare& progress);

// The same for other points, with sigma, that lie in the map's frame and were placed at `places`, count x dims. What it
// gives for one depends on the seed and its numbers alone: they seed its samples, so it may stand in any row.
PositionUncertainty measure_uncertainty(FittedMap& map, const Gaussians& queries, std::span<const float> places,
                                        const UncertaintyOptions& options, ThreadTeam& team,
                                        const Cancellation& cancellation, const FittedMap::OnShare& progress);

}  // namespace sigma
