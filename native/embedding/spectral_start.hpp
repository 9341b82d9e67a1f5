#pragma once

#include <vector>

#include "../affinity/affinities.hpp"
#include "../support/cancellation.hpp"
#include "../support/random.hpp"
#include "../support/threads.hpp"

namespace sigma {

// Computes initial positions from the graph of the affinities alone, n x dimensions, with a standard deviation of 1e-4,
// by Laplacian eigenmaps (Belkin & Niyogi 2003): y = D^-1/2 v, where v are the leading eigenvectors of D^-1/2 P D^-1/2
// after the trivial one, and D holds the sums of the rows of P. Only the largest connected part of the graph is laid
// out in this way, because the eigenvectors of a disconnected graph only separate its parts. Each of the other parts
// starts around a random position.
std::vector<double> spectral_positions(const Affinities& affinities, int dimensions, Random& random, ThreadTeam& team,
                                       const Cancellation& cancellation);

}  // namespace sigma
