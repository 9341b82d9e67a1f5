#include "affinities.hpp"

#include <algorithm>
#include <utility>

namespace sigma {
namespace {

constexpr std::size_t kGrain = 512;

using Edge = std::pair<std::uint32_t, float>;

}  // namespace

Affinities symmetrize(const Neighbors& neighbors, const ConditionalAffinities& conditional, ThreadTeam& team,
                      const Cancellation& cancellation) {
  const std::size_t n = neighbors.count, k = neighbors.k;

  // The transpose, by counting: row j lists the points that have j among their neighbours, in ascending order.
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

  const auto merge_row = [&](std::size_t i, std::vector<Edge>& outgoing, auto&& emit) {
    outgoing.clear();
    for (std::size_t e = i * k; e < (i + 1) * k; ++e) outgoing.push_back({neighbors.indices[e], conditional.values[e]});
    std::sort(outgoing.begin(), outgoing.end());
    std::size_t out = 0;
    std::uint64_t in = starts[i];
    while (out < k || in < starts[i + 1]) {
      const bool from_out = in == starts[i + 1] || (out < k && outgoing[out].first <= sources[in]);
      const bool from_in = out == k || (in < starts[i + 1] && sources[in] <= outgoing[out].first);
      const std::uint32_t column = from_out ? outgoing[out].first : sources[in];
      emit(column, (from_out ? outgoing[out].second : 0.0f) + (from_in ? incoming[in] : 0.0f));
      out += from_out;
      in += from_in;
    }
  };

  Affinities result;
  result.offsets.assign(n + 1, 0);
  team.for_ranges(n, kGrain, [&](std::size_t first, std::size_t last, std::size_t) {
    cancellation.check();
    std::vector<Edge> outgoing;
    for (std::size_t i = first; i < last; ++i) {
      std::uint64_t edges = 0;
      merge_row(i, outgoing, [&](std::uint32_t, float) { ++edges; });
      result.offsets[i + 1] = edges;
    }
  });
  for (std::size_t i = 0; i < n; ++i) result.offsets[i + 1] += result.offsets[i];
  result.columns.resize(result.offsets[n]);
  result.values.resize(result.offsets[n]);
  const double scale = 1.0 / (2.0 * static_cast<double>(n));
  team.for_ranges(n, kGrain, [&](std::size_t first, std::size_t last, std::size_t) {
    cancellation.check();
    std::vector<Edge> outgoing;
    for (std::size_t i = first; i < last; ++i) {
      std::uint64_t at = result.offsets[i];
      merge_row(i, outgoing, [&](std::uint32_t column, float value) {
        result.columns[at] = column;
        result.values[at++] = static_cast<float>(static_cast<double>(value) * scale);
      });
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
    std::vector<Edge> row;
    for (std::size_t r = first; r < last; ++r) {
      row.clear();
      for (std::uint64_t e = affinities.offsets[order[r]]; e < affinities.offsets[order[r] + 1]; ++e) {
        row.push_back({rank[affinities.columns[e]], affinities.values[e]});
      }
      std::sort(row.begin(), row.end());
      std::uint64_t at = result.offsets[r];
      for (const auto& [column, value] : row) {
        result.columns[at] = column;
        result.values[at++] = value;
      }
    }
  });
  return result;
}

}  // namespace sigma
