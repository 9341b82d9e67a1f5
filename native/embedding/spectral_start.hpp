#pragma once

#include <vector>

#include "../affinity/affinities.hpp"
#include "../support/cancellation.hpp"
#include "../support/random.hpp"
#include "../support/threads.hpp"

namespace sigma {

// First positions from the graph of the affinities alone, n x dimensions, with a standard deviation of 1e-4: Laplacian
// eigenmaps (Belkin & Niyogi 2003), y = D^-1/2 v with the leading eigenvectors v of D^-1/2 P D^-1/2 after the trivial
// one, where D holds the sums of the rows of P. This is done in the largest connected part of the graph, because
// eigenvectors of a graph in parts only tell the parts apart. Each of the other parts starts around a random position.
std::vector<double> spectral_positions(const Affinities& affinities, int dimensions, Random& random, ThreadTeam& team,
                                       const Cancellation& cancellation);

}  // namespace sigma
