#pragma once

#include "../affinity/affinities.hpp"
#include "../neighbors/gaussians.hpp"
#include "../support/aligned.hpp"
#include "../support/cancellation.hpp"
#include "../support/random.hpp"
#include "../support/threads.hpp"
#include "options.hpp"

namespace sigma {

// Computes the initial positions, n x stride_of(output_dimensions), with a standard deviation of 1e-4 along the first
// axis. They come from the principal components of the means (Kobak & Berens 2019), from the graph of the affinities,
// or from noise alone. The first two get added noise of a hundredth of that standard deviation, because points with
// equal positions would never separate.
AlignedVector<float> initialize(const PackedMatrix& means, const Affinities& affinities, Start start,
                                int output_dimensions, Random& random, ThreadTeam& team,
                                const Cancellation& cancellation);

}  // namespace sigma
