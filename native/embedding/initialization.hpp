#pragma once

#include "../affinity/affinities.hpp"
#include "../neighbors/gaussians.hpp"
#include "../support/aligned.hpp"
#include "../support/cancellation.hpp"
#include "../support/random.hpp"
#include "../support/threads.hpp"
#include "options.hpp"

namespace sigma {

// First positions, n x stride_of(output_dimensions), with a standard deviation of 1e-4 along the first axis. From the
// principal components of the means (Kobak & Berens 2019), with a hundredth of that as noise, for equal points would
// otherwise never part; from the graph of the affinities with the same noise; or from noise alone.
AlignedVector<float> initialize(const PackedMatrix& means, const Affinities& affinities, Start start,
                                int output_dimensions, Random& random, ThreadTeam& team,
                                const Cancellation& cancellation);

}  // namespace sigma
