#pragma once

#include <cstdint>
#include <vector>

#include "../support/aligned.hpp"
#include "perplexity.hpp"

namespace sigma {

// P, symmetric and sparse, summing to 1: compressed rows of distinct columns.
struct Affinities {
  std::vector<std::uint64_t> offsets;    // n + 1
  AlignedVector<std::uint32_t> columns;  // of every edge, both directions
  AlignedVector<float> values;

  std::size_t count() const { return offsets.size() - 1; }
};

// p_ij = (p_{j|i} + p_{i|j}) / (2 n) (van der Maaten & Hinton 2008, section 3.1). Reads of the neighbors their indices
// alone.
Affinities symmetrize(const Neighbors& neighbors, const ConditionalAffinities& conditional, ThreadTeam& team,
                      const Cancellation& cancellation);

// Edges of a graph with weights >= 0, by compressed rows; columns of a row are distinct.
struct WeightedGraph {
  std::vector<std::uint64_t> offsets;  // n + 1
  std::vector<std::uint32_t> columns;
  std::vector<float> weights;
};

// p_ij = (w_ij + w_ji) / sum of all, without loops: affinities that somebody else has computed. The sum of the weights
// must be positive.
Affinities normalize_weights(const WeightedGraph& graph, ThreadTeam& team, const Cancellation& cancellation);

// Brings point order[r] to row r, so that rows near in memory can be made near in the embedding. `order` is a
// permutation of [0, n). P is as it was where memory runs out.
void reorder(Affinities& affinities, const std::vector<std::uint32_t>& order, ThreadTeam& team);

}  // namespace sigma
