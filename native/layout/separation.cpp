#include "separation.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "../repulsion/morton.hpp"
#include "flow_mesh.hpp"

namespace sigma {
namespace {

constexpr std::size_t kGrain = 1024;
constexpr std::size_t kNeighbors = 10;
// Fewer points than this are not relaxed. They form no density, and drawing neighbors together would collapse them in
// the middle.
constexpr std::size_t kLeastToRelax = 100;
// The largest number of points whose neighbors are compared. Of more points, a regular sample of this size is used.
constexpr std::size_t kMostCounted = 20000;

double mean_distance(const SquarePoints& a, const SquarePoints& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); i += 2) sum += std::hypot(a[i] - b[i], a[i + 1] - b[i + 1]);
  return sum / static_cast<double>(a.size() / 2);
}

// The nearest neighbors of each point, and the points that have this point as a neighbor.
struct Springs {
  std::vector<std::uint64_t> offsets;
  std::vector<std::uint32_t> others;

  Springs(const std::vector<std::uint32_t>& nearest, std::size_t n, std::size_t k) : offsets(n + 1), others(2 * n * k) {
    for (std::size_t i = 0; i < n; ++i) offsets[i + 1] += k;
    for (const std::uint32_t other : nearest) ++offsets[other + 1];
    std::partial_sum(offsets.begin(), offsets.end(), offsets.begin());
    std::vector<std::uint64_t> next(offsets.begin(), offsets.end() - 1);
    for (std::size_t e = 0; e < nearest.size(); ++e) {
      const std::uint32_t i = static_cast<std::uint32_t>(e / k), other = nearest[e];
      others[next[i]++] = other;
      others[next[other]++] = i;
    }
  }
};

// Moves every point toward its neighbors. Far neighbors have less weight: the weight is a Student-t kernel whose width
// is the radius of ten points.
void draw_together(SquarePoints& points, const Springs& springs, SquarePoints& before, ThreadTeam& team) {
  constexpr double kShare = 0.25;
  const std::size_t n = points.size() / 2;
  const double per_area = std::numbers::pi * static_cast<double>(n) / kNeighbors;
  before = points;
  team.for_ranges(n, kGrain, [&](std::size_t first, std::size_t last, std::size_t) {
    for (std::size_t i = first; i < last; ++i) {
      double x = 0, y = 0, sum = 0;
      for (std::uint64_t e = springs.offsets[i]; e < springs.offsets[i + 1]; ++e) {
        const double* other = &before[2 * springs.others[e]];
        const double dx = other[0] - before[2 * i], dy = other[1] - before[2 * i + 1];
        const double weight = 1 / (1 + (dx * dx + dy * dy) * per_area);
        x += weight * dx;
        y += weight * dy;
        sum += weight;
      }
      // A weighted mean of points in the square also lies in the square.
      points[2 * i] += kShare * x / sum;
      points[2 * i + 1] += kShare * y / sum;
    }
  });
}

std::size_t choose_side(std::size_t n) {
  constexpr double kCellsPerSpacing = 1.8;
  constexpr std::size_t kLeast = 32, kMost = 1024;
  const double wanted = kCellsPerSpacing * std::sqrt(static_cast<double>(n));
  std::size_t side = kLeast;
  while (side < kMost && static_cast<double>(side) < wanted) side *= 2;
  return side;
}

std::size_t flow(SquarePoints& points, const SquarePoints& shape, int relaxations, ThreadTeam& team,
                 const Cancellation& cancellation, const std::function<void(double)>& progress) {
  const std::size_t n = points.size() / 2;
  const std::size_t k = std::min(kNeighbors, n - 1);
  if (n < kLeastToRelax) relaxations = 0;
  const double spacing = 1 / std::sqrt(static_cast<double>(n));
  constexpr double kWidest = 1.0 / 16, kFinest = 0.82;
  constexpr int kSteps = 8, kFewSteps = 3;
  std::vector<double> widths;
  for (double width = kWidest; width > 2.8 * spacing; width /= 2) widths.push_back(width);
  for (const double width : {2.2, 2.2, 1.65}) widths.push_back(std::min(width * spacing, kWidest));
  const double total = static_cast<double>(widths.size()) + relaxations + 2;
  double done = 0;
  const auto advance = [&] {
    cancellation.check();
    progress(++done / total);
  };
  FlowMesh mesh(choose_side(n), team);
  std::vector<std::uint32_t> all(n);
  std::iota(all.begin(), all.end(), 0u);
  std::vector<std::uint32_t> nearest = find_nearest(shape, all, k, team);
  for (std::size_t e = 0; e < nearest.size(); ++e) {
    // Points at the same position are all neighbors of each other. Their attraction has no direction, so each is
    // replaced by the point itself.
    const std::size_t i = e / k, other = nearest[e];
    if (shape[2 * i] == shape[2 * other] && shape[2 * i + 1] == shape[2 * other + 1])
      nearest[e] = static_cast<std::uint32_t>(i);
  }
  const Springs springs(nearest, n, k);
  advance();
  for (const double width : widths) {
    mesh.flatten(points, width, kSteps);
    advance();
  }
  SquarePoints before;
  for (int round = 0; round < relaxations; ++round) {
    draw_together(points, springs, before, team);
    mesh.flatten(points, kFinest * spacing, kFewSteps);
    advance();
  }
  mesh.flatten(points, kFinest * spacing, kFewSteps);
  advance();
  return static_cast<std::size_t>(total) - 1;
}

SquarePoints take(const SquarePoints& points, const std::vector<std::uint32_t>& order) {
  SquarePoints taken(points.size());
  for (std::size_t i = 0; i < order.size(); ++i) std::copy_n(&points[2 * order[i]], 2, &taken[2 * i]);
  return taken;
}

// Sorts the points along the embedding before the flow, because points that are close on the embedding read the same
// part of the mesh.
std::size_t flow_in_order(SquarePoints& points, const SquarePoints& shape, int relaxations, ThreadTeam& team,
                          const Cancellation& cancellation, const std::function<void(double)>& progress) {
  constexpr float kEmbeddingSide = 100;
  std::vector<float> positions(points.size());
  std::transform(points.begin(), points.end(), positions.begin(),
                 [](double at) { return static_cast<float>(at) * kEmbeddingSide; });
  const std::vector<std::uint32_t> order = morton_order(2, positions.data(), points.size() / 2, team);
  SquarePoints sorted = take(points, order);
  const std::size_t rounds = flow(sorted, take(shape, order), relaxations, team, cancellation, progress);
  for (std::size_t i = 0; i < order.size(); ++i) std::copy_n(&sorted[2 * i], 2, &points[2 * order[i]]);
  return rounds;
}

// The column c with c / grid < at <= (c + 1) / grid. 0 belongs to the first column.
std::size_t column_of(double at, std::size_t grid) {
  const auto border = [&](std::size_t c) { return static_cast<double>(c + 1) / static_cast<double>(grid); };
  auto cell = std::min(grid - 1, static_cast<std::size_t>(std::max(at, 0.0) * static_cast<double>(grid)));
  while (cell > 0 && at <= border(cell - 1)) --cell;
  while (cell + 1 < grid && at > border(cell)) ++cell;
  return cell;
}

// The slope at a node of a monotone cubic interpolation of `values` at equal distances 1 (Fritsch & Carlson 1980, with
// their harmonic mean).
double monotone_slope(const double* values, std::size_t count, std::size_t at) {
  if (at == 0 || at + 1 == count) return 0;
  const double left = values[at] - values[at - 1], right = values[at + 1] - values[at];
  return left * right > 0 ? 2 * left * right / (left + right) : 0;
}

// The value of the cubic at `at`, in units of the distance between nodes.
double interpolate(const double* values, std::size_t count, double at) {
  const double position = std::clamp(at, 0.0, static_cast<double>(count - 1));
  const std::size_t low = std::min(static_cast<std::size_t>(position), count - 2);
  const double t = position - static_cast<double>(low), u = 1 - t;
  const double from = monotone_slope(values, count, low), to = monotone_slope(values, count, low + 1);
  return values[low] * u * u * (1 + 2 * t) + from * t * u * u + values[low + 1] * t * t * (3 - 2 * t) - to * t * t * u;
}

// Converts counts to their cumulative share, with a node at each border of a bin.
void accumulate(const std::size_t* counts, std::size_t bins, double* shares) {
  std::size_t sum = 0;
  const std::size_t total = std::accumulate(counts, counts + bins, std::size_t{0});
  shares[0] = 0;
  for (std::size_t b = 0; b < bins; ++b)
    shares[b + 1] = static_cast<double>(sum += counts[b]) / static_cast<double>(total);
}

}  // namespace

double equalize_columns_and_rows(SquarePoints& points, std::size_t grid, double gamma, ThreadTeam& team) {
  const std::size_t n = points.size() / 2;
  const SquarePoints before = points;
  std::vector<std::uint32_t> cells(n), order(n);
  for (const std::size_t fixed : {0, 1}) {
    const std::size_t moved = 1 - fixed;
    team.for_ranges(n, kGrain, [&](std::size_t first, std::size_t last, std::size_t) {
      for (std::size_t i = first; i < last; ++i) {
        cells[i] = static_cast<std::uint32_t>(column_of(points[2 * i + fixed], grid));
      }
    });
    std::vector<std::size_t> starts(grid + 1);
    for (const std::uint32_t cell : cells) ++starts[cell + 1];
    std::partial_sum(starts.begin(), starts.end(), starts.begin());
    std::vector<std::size_t> next(starts.begin(), starts.end() - 1);
    for (std::size_t i = 0; i < n; ++i) order[next[cells[i]]++] = static_cast<std::uint32_t>(i);
    team.for_each(grid, [&](std::size_t cell, unsigned) {
      const std::size_t first = starts[cell], count = starts[cell + 1] - first;
      const auto begin = order.begin() + static_cast<std::ptrdiff_t>(first);
      std::stable_sort(begin, begin + static_cast<std::ptrdiff_t>(count),
                       [&](std::uint32_t a, std::uint32_t b) { return points[2 * a + moved] < points[2 * b + moved]; });
      const double step = count > 1 ? 1 / static_cast<double>(count - 1) : 0;
      for (std::size_t rank = 0; rank < count; ++rank) {
        double& at = points[2 * order[first + rank] + moved];
        at += gamma * (static_cast<double>(rank) * step - at);
      }
    });
  }
  return mean_distance(points, before);
}

std::size_t transform_conditionally(SquarePoints& points, std::size_t bins, ThreadTeam& team) {
  const std::size_t n = points.size() / 2, nodes = bins + 1;
  std::vector<std::size_t> counts(bins * bins), columns(bins);
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t x = column_of(points[2 * i], bins), y = column_of(points[2 * i + 1], bins);
    ++counts[x * bins + y];
    ++columns[x];
  }
  std::vector<double> marginal(nodes);
  accumulate(columns.data(), bins, marginal.data());
  std::vector<std::size_t> occupied;
  for (std::size_t x = 0; x < bins; ++x) {
    if (columns[x] > 0) occupied.push_back(x);
  }
  std::vector<double> conditional(bins * nodes);
  for (const std::size_t x : occupied) accumulate(&counts[x * bins], bins, &conditional[x * nodes]);
  std::vector<std::size_t> fallbacks((n + kGrain - 1) / kGrain);
  const auto scale = static_cast<double>(bins);
  team.for_ranges(n, kGrain, [&](std::size_t first, std::size_t last, std::size_t chunk) {
    for (std::size_t i = first; i < last; ++i) {
      const double x = points[2 * i] * scale, y = points[2 * i + 1] * scale;
      const auto share = [&](std::size_t column) { return interpolate(&conditional[column * nodes], nodes, y); };
      const auto is_occupied = [&](std::ptrdiff_t column) {
        return column >= 0 && column < static_cast<std::ptrdiff_t>(bins) &&
               columns[static_cast<std::size_t>(column)] > 0;
      };
      points[2 * i] = interpolate(marginal.data(), nodes, x);
      // Finds the two column centers around the point.
      const double at = x - 0.5;
      const auto low = static_cast<std::ptrdiff_t>(std::floor(at));
      if (is_occupied(low) && is_occupied(low + 1)) {
        const auto column = static_cast<std::size_t>(low);
        const double middle[2] = {share(column), share(column + 1)};
        const double values[4] = {is_occupied(low - 1) ? share(column - 1) : middle[0], middle[0], middle[1],
                                  is_occupied(low + 2) ? share(column + 2) : middle[1]};
        points[2 * i + 1] = interpolate(values, 4, 1 + at - static_cast<double>(low));
      } else {
        ++fallbacks[chunk];
        const auto nearest = *std::min_element(occupied.begin(), occupied.end(), [&](std::size_t a, std::size_t b) {
          return std::abs(static_cast<double>(a) - at) < std::abs(static_cast<double>(b) - at);
        });
        points[2 * i + 1] = share(nearest);
      }
    }
  });
  return std::accumulate(fallbacks.begin(), fallbacks.end(), std::size_t{0});
}

Separation separate_points(NumberView embedding, std::size_t n, const SeparationOptions& options, ThreadTeam& team,
                           const Cancellation& cancellation, const std::function<void(double)>& progress) {
  Separation result;
  result.points = fill_square(embedding, n);
  const SquarePoints shape = keep_shape(embedding, n);
  if (options.method == SeparationMethod::flow) tell_apart(result.points);
  const SquarePoints before = result.points;
  result.evenness_before = measure_evenness(before);
  cancellation.check();
  switch (options.method) {
    case SeparationMethod::flow:
      result.iterations = flow_in_order(result.points, shape, options.relaxations, team, cancellation, progress);
      break;
    case SeparationMethod::iterative:
      do {
        cancellation.check();
        result.last_move = equalize_columns_and_rows(result.points, options.grid, options.gamma, team);
        ++result.iterations;
        progress(static_cast<double>(result.iterations) / static_cast<double>(options.iterations));
      } while (result.last_move >= options.tolerance && result.iterations < options.iterations);
      break;
    case SeparationMethod::conditional:
      result.fallbacks = transform_conditionally(result.points, options.bins, team);
      result.iterations = 1;
      break;
  }
  // Points at the same position may have moved in the same way, or may meet at a wall. The ranks of the iterative
  // method already separate them.
  if (options.method != SeparationMethod::iterative) tell_apart(result.points);
  cancellation.check();
  result.evenness = measure_evenness(result.points);
  result.moved = mean_distance(result.points, before);
  const std::size_t k = std::min(kNeighbors, n - 1), stride = (n + kMostCounted - 1) / kMostCounted;
  std::vector<std::uint32_t> counted;
  for (std::size_t i = 0; i < n; i += stride) counted.push_back(static_cast<std::uint32_t>(i));
  const auto old_neighbors = find_nearest(shape, counted, k, team);
  const auto new_neighbors = find_nearest(result.points, counted, k, team);
  std::size_t kept = 0;
  for (std::size_t e = 0; e < old_neighbors.size(); ++e) {
    const auto own = new_neighbors.begin() + static_cast<std::ptrdiff_t>(e / k * k);
    kept +=
        std::find(own, own + static_cast<std::ptrdiff_t>(k), old_neighbors[e]) != own + static_cast<std::ptrdiff_t>(k);
  }
  result.kept = static_cast<double>(kept) / static_cast<double>(old_neighbors.size());
  progress(1);
  return result;
}

}  // namespace sigma
