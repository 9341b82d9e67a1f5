#include "affinities.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <span>

namespace sigma {
namespace {

constexpr std::size_t kGrain = 512;
constexpr std::size_t kCopied = 1 << 16;

// A hash table from each neighbor of a row to its position in the row's list.
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
  // Hashes by multiplication with the golden ratio (Knuth, The Art of Computer Programming 3, section 6.4).
  std::size_t first_slot(std::uint32_t point) const { return (point * 2654435769u >> 8) & (slots_.size() - 1); }

  const std::uint32_t* neighbors_ = nullptr;
  std::vector<std::uint32_t> slots_;
};

// The transpose of the conditional affinities, computed for a range of consecutive rows at a time. Row j lists the
// points that have j among their neighbors, in ascending order. The transpose of all rows at once would need as much
// memory as the neighbors themselves.
class Transpose {
 public:
  Transpose(const Neighbors& neighbors, const ConditionalAffinities& conditional)
      : neighbors_(neighbors), conditional_(conditional), starts_(neighbors.count + 1, 0) {
    for (const std::uint32_t j : neighbors.indices) ++starts_[j + 1];
    for (std::size_t i = 0; i < neighbors.count; ++i) starts_[i + 1] += starts_[i];
  }

  // The first row of each part, followed by the number of rows. Each part needs one pass over all neighbors.
  std::vector<std::size_t> cut_into_parts() const {
    const std::size_t n = neighbors_.count;
    const std::uint64_t limit = std::max(starts_[n] / kMostParts, kEdgesAtOnce);
    std::vector<std::size_t> borders{0};
    for (std::size_t i = 0; i < n; ++i) {
      if (i > borders.back() && starts_[i + 1] - starts_[borders.back()] > limit) borders.push_back(i);
    }
    borders.push_back(n);
    return borders;
  }

  // Makes rows [first, last) available and discards the previous rows.
  void collect(std::size_t first, std::size_t last, const Cancellation& cancellation) {
    if (first == first_ && last == last_) return;
    last_ = first_ = first;
    std::vector<std::uint64_t> next(starts_.begin() + static_cast<std::ptrdiff_t>(first),
                                    starts_.begin() + static_cast<std::ptrdiff_t>(last));
    const std::uint64_t begin = starts_[first];
    // The arrays are cleared first, so that they get no more memory than they need.
    sources_.clear();
    values_.clear();
    sources_.resize(starts_[last] - begin);
    values_.resize(starts_[last] - begin);
    const std::size_t k = neighbors_.k;
    for (std::size_t i = 0; i < neighbors_.count; ++i) {
      if (i % 65536 == 0) cancellation.check();
      for (std::size_t e = i * k; e < (i + 1) * k; ++e) {
        const std::size_t row = neighbors_.indices[e] - first;  // wraps around to a huge number for rows before `first`
        if (row >= last - first) continue;
        const std::uint64_t at = next[row]++ - begin;
        sources_[at] = static_cast<std::uint32_t>(i);
        values_[at] = conditional_.values[e];
      }
    }
    last_ = last;
  }

  // Row i, which must be in the range collected last.
  std::span<const std::uint32_t> sources(std::size_t i) const { return {sources_.data() + start(i), size(i)}; }
  std::span<const float> values(std::size_t i) const { return {values_.data() + start(i), size(i)}; }

 private:
  static constexpr std::uint64_t kMostParts = 8, kEdgesAtOnce = 1 << 22;

  std::size_t start(std::size_t i) const { return starts_[i] - starts_[first_]; }
  std::size_t size(std::size_t i) const { return starts_[i + 1] - starts_[i]; }

  const Neighbors& neighbors_;
  const ConditionalAffinities& conditional_;
  std::vector<std::uint64_t> starts_;  // n + 1
  std::size_t first_ = 0, last_ = 0;
  std::vector<std::uint32_t> sources_;
  std::vector<float> values_;
};

}  // namespace

Affinities symmetrize(const Neighbors& neighbors, const ConditionalAffinities& conditional, ThreadTeam& team,
                      const Cancellation& cancellation) {
  const std::size_t n = neighbors.count, k = neighbors.k;
  Transpose transpose(neighbors, conditional);
  const std::vector<std::size_t> borders = transpose.cut_into_parts();
  const std::size_t parts = borders.size() - 1;
  const auto each_row_of_part = [&](std::size_t part, auto&& body) {
    const std::size_t first_row = borders[part];
    transpose.collect(first_row, borders[part + 1], cancellation);
    team.for_ranges(borders[part + 1] - first_row, kGrain, [&](std::size_t first, std::size_t last, std::size_t) {
      cancellation.check();
      NeighborSlots slots(k);
      for (std::size_t i = first_row + first; i < first_row + last; ++i) {
        slots.fill(&neighbors.indices[i * k], k);
        body(i, slots);
      }
    });
  };

  // A row holds the point's own neighbors first, then the other points that have this point among their neighbors.
  Affinities result;
  result.offsets.assign(n + 1, 0);
  for (std::size_t part = 0; part < parts; ++part) {
    each_row_of_part(part, [&](std::size_t i, const NeighborSlots& slots) {
      std::uint64_t edges = k;
      for (const std::uint32_t source : transpose.sources(i)) edges += slots.find(source) == slots.kNone;
      result.offsets[i + 1] = edges;
    });
  }
  for (std::size_t i = 0; i < n; ++i) result.offsets[i + 1] += result.offsets[i];
  result.columns.resize(result.offsets[n]);
  result.values.resize(result.offsets[n]);
  const double scale = 1.0 / (2.0 * static_cast<double>(n));
  // Goes backwards, because the last part is still available.
  for (std::size_t part = parts; part-- > 0;) {
    each_row_of_part(part, [&](std::size_t i, const NeighborSlots& slots) {
      std::uint32_t* columns = &result.columns[result.offsets[i]];
      float* values = &result.values[result.offsets[i]];
      std::copy_n(&neighbors.indices[i * k], k, columns);
      std::copy_n(&conditional.values[i * k], k, values);
      const std::span<const std::uint32_t> sources = transpose.sources(i);
      const std::span<const float> incoming = transpose.values(i);
      std::size_t edges = k;
      for (std::size_t in = 0; in < sources.size(); ++in) {
        const std::uint32_t slot = slots.find(sources[in]);
        if (slot != slots.kNone) {
          values[slot] += incoming[in];
        } else {
          columns[edges] = sources[in];
          values[edges++] = incoming[in];
        }
      }
      for (std::size_t e = 0; e < edges; ++e) values[e] = static_cast<float>(static_cast<double>(values[e]) * scale);
    });
  }
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
  // Every edge appears in the rows of both of its points.
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
  // An edge that was given in both directions appears twice in a row.
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

void reorder(Affinities& affinities, const std::vector<std::uint32_t>& order, ThreadTeam& team) {
  const std::size_t n = affinities.count();
  std::vector<std::uint32_t> rank(n);
  std::vector<std::uint64_t> offsets(n + 1, 0);
  for (std::size_t r = 0; r < n; ++r) {
    rank[order[r]] = static_cast<std::uint32_t>(r);
    offsets[r + 1] = offsets[r] + affinities.offsets[order[r] + 1] - affinities.offsets[order[r]];
  }
  // The arrays are reordered one after the other, so that only one of them is copied at a time. Nothing can throw once
  // the first array has changed.
  AlignedVector<float> spare(affinities.values.size());
  const auto each_row = [&](auto&& copy) {
    team.for_ranges(n, kGrain, [&](std::size_t first, std::size_t last, std::size_t) {
      for (std::size_t r = first; r < last; ++r) {
        copy(affinities.offsets[order[r]], offsets[r], offsets[r + 1] - offsets[r]);
      }
    });
  };
  each_row([&](std::uint64_t from, std::uint64_t to, std::uint64_t size) {
    std::copy_n(affinities.values.data() + from, size, spare.data() + to);
  });
  affinities.values.swap(spare);
  each_row([&](std::uint64_t from, std::uint64_t to, std::uint64_t size) {
    for (std::uint64_t e = 0; e < size; ++e) {
      spare[to + e] = std::bit_cast<float>(rank[affinities.columns[from + e]]);
    }
  });
  static_assert(sizeof(float) == sizeof(std::uint32_t));
  team.for_ranges(spare.size(), kCopied, [&](std::size_t first, std::size_t last, std::size_t) {
    std::memcpy(affinities.columns.data() + first, spare.data() + first, (last - first) * sizeof(float));
  });
  affinities.offsets.swap(offsets);
}

}  // namespace sigma
