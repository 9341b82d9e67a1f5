#include "labels.hpp"

#include <algorithm>
#include <limits>
#include <memory>

#include "quality_kernels.hpp"

namespace sigma {

std::vector<double> vote(const Neighborhoods& neighborhoods, std::span<const std::uint32_t> points,
                         const Classes& classes) {
  std::vector<double> hits(points.size());
  std::vector<std::size_t> votes(classes.count, 0);
  std::vector<std::uint32_t> voters;
  for (std::size_t p = 0; p < points.size(); ++p) {
    const std::uint32_t own = classes.of[points[p]];
    if (own == classes.count) {
      hits[p] = std::numeric_limits<double>::quiet_NaN();
      continue;
    }
    voters.clear();
    for (const std::uint32_t neighbor :
         std::span(&neighborhoods.in_embedding[p * neighborhoods.listed], neighborhoods.listed)) {
      if (classes.of[neighbor] < classes.count) voters.push_back(classes.of[neighbor]);
    }
    std::size_t most = 0;
    for (const std::uint32_t c : voters) most = std::max(most, ++votes[c]);
    const auto winner = std::find_if(voters.begin(), voters.end(), [&](std::uint32_t c) { return votes[c] == most; });
    hits[p] = winner != voters.end() && *winner == own ? 1 : 0;
    for (const std::uint32_t c : voters) votes[c] = 0;
  }
  return hits;
}

std::vector<double> find_silhouettes(const Distance& embedding, std::span<const std::uint32_t> points,
                                     const Classes& classes, ThreadTeam& team, const Cancellation& cancellation,
                                     const std::function<void(double)>& progress) {
  constexpr std::size_t kTogether = DistanceRows::kTogether;
  const std::size_t n = embedding.count(), chunks = (points.size() + kTogether - 1) / kTogether;
  // Sorts the points by class, with those without a class at the end. Each class is then a contiguous part of a row.
  std::vector<std::size_t> starts(classes.count + 2, 0);
  for (const std::uint32_t c : classes.of) ++starts[c + 1];
  for (std::size_t c = 0; c <= classes.count; ++c) starts[c + 1] += starts[c];
  std::vector<std::uint32_t> order(n), rank(n);
  {
    std::vector<std::size_t> next(starts.begin(), starts.end() - 1);
    for (std::uint32_t i = 0; i < n; ++i) {
      rank[i] = static_cast<std::uint32_t>(next[classes.of[i]]++);
      order[rank[i]] = i;
    }
  }
  const DistanceRows rows(embedding, order, team);
  std::vector<double> silhouettes(points.size());
  std::vector<std::unique_ptr<DistanceRows::Scratch>> scratches(team.size());
  team.for_each(chunks, [&](std::size_t chunk, unsigned worker) {
    cancellation.check();
    if (!scratches[worker]) scratches[worker] = std::make_unique<DistanceRows::Scratch>(rows);
    const std::size_t begin = chunk * kTogether, size = std::min(kTogether, points.size() - begin);
    std::uint32_t ranks[kTogether];
    for (std::size_t r = 0; r < size; ++r) ranks[r] = rank[points[begin + r]];
    rows.fill(std::span(ranks, size), *scratches[worker]);
    for (std::size_t r = 0; r < size; ++r) {
      const float* row = scratches[worker]->row(r);
      const std::uint32_t own = classes.of[points[begin + r]];
      if (own == classes.count) silhouettes[begin + r] = std::numeric_limits<double>::quiet_NaN();
      if (own == classes.count || starts[own + 1] - starts[own] == 1) continue;
      const auto sum = [&](std::size_t first, std::size_t last) {
        return quality_kernels().sum_roots(row + first, last - first);
      };
      double inner = 0, outer = std::numeric_limits<double>::infinity();
      for (std::size_t c = 0; c < classes.count; ++c) {
        const std::size_t first = starts[c], last = starts[c + 1];
        const auto members = static_cast<double>(last - first);
        // The distance of the point to itself is infinite, so it is left out.
        if (c == own) {
          inner = (sum(first, ranks[r]) + sum(ranks[r] + 1, last)) / (members - 1);
        } else {
          outer = std::min(outer, sum(first, last) / members);
        }
      }
      const double longer = std::max(inner, outer);
      silhouettes[begin + r] = longer > 0 ? (outer - inner) / longer : 0;
    }
    if (worker == 0) progress(static_cast<double>(chunk) / static_cast<double>(chunks));
  });
  progress(1);
  return silhouettes;
}

}  // namespace sigma
