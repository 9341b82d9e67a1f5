#pragma once

#include <cstdint>
#include <vector>

#include "../support/aligned.hpp"
#include "perplexity.hpp"

namespace sigma {

// The affinities P: a sparse symmetric matrix whose entries sum to 1, in compressed rows. The columns of a row are
// distinct.
struct Affinities {
  std::vector<std::uint64_t> offsets;    // n + 1
  AlignedVector<std::uint32_t> columns;  // of every edge, in both directions
  AlignedVector<float> values;

  std::size_t count() const { return offsets.size() - 1; }
};

// p_ij = (p_{j|i} + p_{i|j}) / (2 n) (van der Maaten & Hinton 2008, section 3.1). Uses only the indices of the
// neighbors, not their distances.
Affinities symmetrize(const Neighbors& neighbors, const ConditionalAffinities& conditional, ThreadTeam& team,
                      const Cancellation& cancellation);

// The edges of a graph with weights >= 0, in compressed rows. The columns of a row are distinct.
struct WeightedGraph {
  std::vector<std::uint64_t> offsets;  // n + 1
  std::vector<std::uint32_t> columns;
  std::vector<float> weights;
};

// Computes affinities from a graph that the caller supplies: p_ij = (w_ij + w_ji) / (sum of all weights in both
// directions), without edges from a point to itself. The sum of the weights must be positive.
Affinities normalize_weights(const WeightedGraph& graph, ThreadTeam& team, const Cancellation& cancellation);

// Moves point order[r] to row r, so that points near each other in the embedding can be near each other in memory.
// `order` is a permutation of [0, n). If memory runs out, P does not change.
void reorder(Affinities& affinities, const std::vector<std::uint32_t>& order, ThreadTeam& team);

}  // namespace sigma
