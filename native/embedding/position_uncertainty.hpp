#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "../neighbors/gaussians.hpp"
#include "placement.hpp"

namespace sigma {

struct UncertaintyOptions {
  std::size_t draws = 10;      // (>= 2) per point
  std::size_t neighbors = 10;  // [1, n - 1] k of the neighborhood in the embedding
  std::uint64_t seed = 42;
  PlacementOptions placement;
  // If true, draws come from the distribution of a point's true values given all measurements (see MeasurementPrior).
  // If false, they come from the point's own Gaussian.
  bool uses_neighbors = true;
  bool keeps_draws = false;  // whether the positions of the draws are returned as well
};

// The scatter of the positions of a point's draws around the point's own position. D is the number of output
// dimensions.
struct PositionUncertainty {
  std::vector<float> displacements;  // count: mean distance of the draws' positions from the point's position
  // count x D (D + 1) / 2: second moments of the draws' positions about the point's own position, as rows of the upper
  // triangle. Ellipses are centered at the point's own position; the mean of the draws may differ from it.
  std::vector<float> covariances;
  std::vector<float> means;   // count x D: mean positions of the draws
  std::vector<float> shares;  // count: share of the draws within the distance to the k-th nearest point
  std::vector<float> drawn;   // count x draws x D: positions of the draws; empty unless they are kept
};

// Makes random draws for each of the points `rows`, with the point's own sigma, and places them into the embedding as
// new points that neither attract nor repel the point itself. The result for a point depends only on the seed and on
// the point. The points of the embedding must have sigma.
PositionUncertainty measure_uncertainty(FittedEmbedding& embedding, std::span<const std::uint32_t> rows,
                                        const UncertaintyOptions& options, ThreadTeam& team,
                                        const Cancellation& cancellation, const FittedEmbedding::OnShare& progress);

// Measures new points with sigma, which must lie in the embedding's frame. They were placed at `positions`, count x
// output dimensions. The result for a query depends only on the seed and on the query's numbers, not on its row,
// because the numbers seed its draws.
PositionUncertainty measure_uncertainty(FittedEmbedding& embedding, const Gaussians& queries,
                                        std::span<const float> positions, const UncertaintyOptions& options,
                                        ThreadTeam& team, const Cancellation& cancellation,
                                        const FittedEmbedding::OnShare& progress);

}  // namespace sigma
