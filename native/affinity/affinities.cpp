#include "affinities.hpp"

#include <algorithm>
#include <bit>
#include <limits>

namespace sigma {
namespace {

constexpr std::size_t kGrain = 512;

// Where each of a row's neighbors stands among them.
class NeighborSlots {
 public:
  static constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

  explicit NeighborSlots(std::size_t k) : slots_(2 * std::bit_ceil(k)) {}

  void fill(const std::uint32_t* neighbors, std::size_t k) {
    neighbors_ = neighbors;
    std::fill(slots_.begin(), slots_.end(), kNone);
    for (std::size_t e = 0; e < k; ++e) {
      std::size_t slot = first_slot(neighbors[e]);
      while (slots_[slot] != kNone) slot = (slot + 1) & (slots_.size() - 1);
      slots_[slot] = static_cast<std::uint32_t>(e);
    }
  }
  std::uint32_t find(std::uint32_t point) const {
    std::size_t slot = first_slot(point);
    while (slots_[slot] != kNone && neighbors_[slots_[slot]] != point) slot = (slot + 1) & (slots_.size() - 1);
    return slots_[slot];
  }

 private:
  // By the golden ratio (Knuth, The Art of Computer Programming 3, section 6.4).
  std::size_t first_slot(std::uint32_t point) const { return (point * 2654435769u >> 8) & (slots_.size() - 1); }

  const std::uint32_t* neighbors_ = nullptr;
  std::vector<std::uint32_t> slots_;
};

}  // namespace

Affinities symmetrize(const Neighbors& neighbors, const ConditionalAffinities& conditional, ThreadTeam& team,
                      const Cancellation& cancellation) {
  const std::size_t n = neighbors.count, k = neighbors.k;

  // The transpose, by counting: row j lists the points that have j among their neighbors, in ascending order.
  std::vector<std::uint64_t> starts(n + 1, 0);
  for (const std::uint32_t j : neighbors.indices) ++starts[j + 1];
  for (std::size_t i = 0; i < n; ++i) starts[i + 1] += starts[i];
  std::vector<std::uint32_t> sources(n * k);
  std::vector<float> incoming(n * k);
  {
    std::vector<std::uint64_t> next(starts.begin(), starts.end() - 1);
    for (std::size_t i = 0; i < n; ++i) {
      if (i % 65536 == 0) cancellation.check();
      for (std::size_t e = i * k; e < (i + 1) * k; ++e) {
        const std::uint64_t at = next[neighbors.indices[e]]++;
        sources[at] = static_cast<std::uint32_t>(i);
        incoming[at] = conditional.values[e];
      }
    }
  }

  // A row holds its own neighbors first, then the other points that have it among theirs.
  Affinities result;
  result.offsets.assign(n + 1, 0);
  team.for_ranges(n, kGrain, [&](std::size_t first, std::size_t last, std::size_t) {
    cancellation.check();
    NeighborSlots slots(k);
    for (std::size_t i = first; i < last; ++i) {
      slots.fill(&neighbors.indices[i * k], k);
      std::uint64_t edges = k;
      for (std::uint64_t in = starts[i]; in < starts[i + 1]; ++in) edges += slots.find(sources[in]) == slots.kNone;
      result.offsets[i + 1] = edges;
    }
  });
  for (std::size_t i = 0; i < n; ++i) result.offsets[i + 1] += result.offsets[i];
  result.columns.resize(result.offsets[n]);
  result.values.resize(result.offsets[n]);
  const double scale = 1.0 / (2.0 * static_cast<double>(n));
  team.for_ranges(n, kGrain, [&](std::size_t first, std::size_t last, std::size_t) {
    cancellation.check();
    NeighborSlots slots(k);
    for (std::size_t i = first; i < last; ++i) {
      slots.fill(&neighbors.indices[i * k], k);
      std::uint32_t* columns = &result.columns[result.offsets[i]];
      float* values = &result.values[result.offsets[i]];
      std::copy_n(&neighbors.indices[i * k], k, columns);
      std::copy_n(&conditional.values[i * k], k, values);
      std::size_t edges = k;
      for (std::uint64_t in = starts[i]; in < starts[i + 1]; ++in) {
        const std::uint32_t slot = slots.find(sources[in]);
        if (slot != slots.kNone) {
          values[slot] += incoming[in];
        } else {
          columns[edges] = sources[in];
          values[edges++] = incoming[in];
        }
      }
      for (std::size_t e = 0; e < edges; ++e) values[e] = static_cast<float>(static_cast<double>(values[e]) * scale);
    }
  });
  return result;
}

Affinities normalize_weights(const WeightedGraph& graph, ThreadTeam& team, const Cancellation& cancellation) {
  const std::size_t n = graph.offsets.size() - 1;
  struct Edge {
    std::uint32_t column;
    double weight;
  };
  const auto each_edge = [&](auto&& visit) {
    for (std::size_t i = 0; i < n; ++i) {
      if (i % 65536 == 0) cancellation.check();
      for (std::uint64_t e = graph.offsets[i]; e < graph.offsets[i + 1]; ++e) {
        if (graph.columns[e] != i && graph.weights[e] > 0) visit(i, graph.columns[e], graph.weights[e]);
      }
    }
  };
  // Every edge stands in both of its rows.
  std::vector<std::uint64_t> starts(n + 1, 0);
  double total = 0;
  each_edge([&](std::size_t i, std::uint32_t j, float weight) {
    ++starts[i + 1];
    ++starts[j + 1];
    total += 2 * static_cast<double>(weight);
  });
  for (std::size_t i = 0; i < n; ++i) starts[i + 1] += starts[i];
  std::vector<Edge> edges(starts[n]);
  std::vector<std::uint64_t> next(starts.begin(), starts.end() - 1);
  each_edge([&](std::size_t i, std::uint32_t j, float weight) {
    edges[next[i]++] = {j, static_cast<double>(weight)};
    edges[next[j]++] = {static_cast<std::uint32_t>(i), static_cast<double>(weight)};
  });
  // An edge that is given in both directions stands twice in a row.
  Affinities result;
  result.offsets.assign(n + 1, 0);
  team.for_ranges(n, kGrain, [&](std::size_t first, std::size_t last, std::size_t) {
    for (std::size_t i = first; i < last; ++i) {
      Edge* begin = &edges[0] + starts[i];
      Edge* end = &edges[0] + starts[i + 1];
      std::stable_sort(begin, end, [](const Edge& a, const Edge& b) { return a.column < b.column; });
      Edge* kept = begin;
      for (Edge* edge = begin; edge < end; ++edge) {
        if (kept > begin && kept[-1].column == edge->column) {
          kept[-1].weight += edge->weight;
        } else {
          *kept++ = *edge;
        }
      }
      result.offsets[i + 1] = static_cast<std::uint64_t>(kept - begin);
    }
  });
  for (std::size_t i = 0; i < n; ++i) result.offsets[i + 1] += result.offsets[i];
  result.columns.resize(result.offsets[n]);
  result.values.resize(result.offsets[n]);
  team.for_ranges(n, kGrain, [&](std::size_t first, std::size_t last, std::size_t) {
    for (std::size_t i = first; i < last; ++i) {
      for (std::uint64_t e = result.offsets[i]; e < result.offsets[i + 1]; ++e) {
        const Edge& edge = edges[starts[i] + (e - result.offsets[i])];
        result.columns[e] = edge.column;
        result.values[e] = static_cast<float>(edge.weight / total);
      }
    }
  });
  return result;
}

Affinities reorder(const Affinities& affinities, const std::vector<std::uint32_t>& order, ThreadTeam& team) {
  const std::size_t n = affinities.count();
  std::vector<std::uint32_t> rank(n);
  Affinities result;
  result.offsets.assign(n + 1, 0);
  for (std::size_t r = 0; r < n; ++r) {
    rank[order[r]] = static_cast<std::uint32_t>(r);
    result.offsets[r + 1] = result.offsets[r] + affinities.offsets[order[r] + 1] - affinities.offsets[order[r]];
  }
  result.columns.resize(affinities.columns.size());
  result.values.resize(affinities.values.size());
  team.for_ranges(n, kGrain, [&](std::size_t first, std::size_t last, std::size_t) {
    for (std::size_t r = first; r < last; ++r) {
      std::uint64_t at = result.offsets[r];
      for (std::uint64_t e = affinities.offsets[order[r]]; e < affinities.offsets[order[r] + 1]; ++e, ++at) {
        result.columns[at] = rank[affinities.columns[e]];
        result.values[at] = affinities.values[e];
      }
    }
  });
  return result;
}

}  // namespace sigma
