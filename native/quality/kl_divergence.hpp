#pragma once

#include <functional>

#include "../affinity/affinities.hpp"
#include "../neighbors/distance.hpp"
#include "../support/cancellation.hpp"

namespace sigma {

// KL(P||Q) in nats (van der Maaten & Hinton 2008, eq. 2), with q_ij = 1 / (1 + |y_i - y_j|^2) / Z. Z is summed over all
// pairs of the embedding, O(n^2). `embedding` is the Euclidean distance between its points, in units of `scale`.
double kl_divergence(const Affinities& affinities, const Distance& embedding, double scale, ThreadTeam& team,
                     const Cancellation& cancellation, const std::function<void(double)>& progress);

}  // namespace sigma
