#include "perturbation.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <numeric>

#include "../affinity/perplexity.hpp"
#include "../embedding/placement_kernels.hpp"
#include "../embedding/point_descent.hpp"
#include "../linalg/pca.hpp"
#include "../support/random.hpp"

namespace sigma {
namespace {

constexpr std::size_t kGrain = 32;
constexpr std::size_t kPadding = 16;
// The number of moved points that are searched and placed at once.
constexpr std::size_t kBatch = 16384;
// The minimization also starts at this many points with the largest affinities.
constexpr std::size_t kStarts = 2;
constexpr std::uint32_t kNone = QuerySearch::kNone;

// The neighbors of the fitted points, and the lists of neighbors in which each point occurs.
struct Lists {
  Neighbors neighbors;
  ConditionalAffinities conditional;
  std::size_t scales = 1;
  std::vector<double> totals;          // n x scales: sum over the list of exp(-beta (squared - nearest))
  std::vector<std::uint64_t> offsets;  // n + 1
  std::vector<std::uint64_t> edges;    // of the lists that contain the point: j * k + position in j's list

  double precision(std::size_t j, std::size_t scale) const { return conditional.precisions[j * scales + scale]; }
  // The logarithm of the term of a point at this squared distance in the sum of point j.
  double exponent(std::size_t j, std::size_t scale, double squared) const {
    return -precision(j, scale) * (squared - static_cast<double>(neighbors.squared[j * neighbors.k]));
  }
};

Lists find_lists(const FittedEmbedding& embedding, const std::vector<double>& perplexities, ThreadTeam& team,
                 const Cancellation& cancellation, const FittedEmbedding::OnShare& progress) {
  const std::size_t n = embedding.count(), k = neighbor_count(perplexities, n);
  std::vector<std::uint32_t> own(n);
  std::iota(own.begin(), own.end(), 0u);
  Lists lists;
  lists.scales = perplexities.size();
  lists.neighbors = embedding.search().search(embedding.points(), own, k, team, cancellation, [&](std::size_t done) {
    progress(static_cast<double>(done) / static_cast<double>(n));
  });
  lists.conditional = calibrate(lists.neighbors, perplexities, team, cancellation);
  lists.totals.assign(n * lists.scales, 0.0);
  team.for_ranges(n, kGrain, [&](std::size_t first, std::size_t last, std::size_t) {
    for (std::size_t i = first; i < last; ++i) {
      for (std::size_t s = 0; s < lists.scales; ++s) {
        for (std::size_t e = 0; e < k; ++e) {
          const auto squared = static_cast<double>(lists.neighbors.squared[i * k + e]);
          lists.totals[i * lists.scales + s] += std::exp(lists.exponent(i, s, squared));
        }
      }
    }
  });
  lists.offsets.assign(n + 1, 0);
  for (const std::uint32_t i : lists.neighbors.indices) ++lists.offsets[i + 1];
  std::partial_sum(lists.offsets.begin(), lists.offsets.end(), lists.offsets.begin());
  lists.edges.resize(n * k);
  std::vector<std::uint64_t> next(lists.offsets.begin(), lists.offsets.end() - 1);
  for (std::uint64_t e = 0; e < lists.edges.size(); ++e) lists.edges[next[lists.neighbors.indices[e]]++] = e;
  return lists;
}

// p_{x|j} for a point x at this squared distance from point j. `held` is the position in j's list whose point x
// replaces, or k if x replaces none. The result is zero beyond the end of the list.
double affinity_from(const Lists& lists, std::size_t j, std::size_t held, double squared) {
  const std::size_t k = lists.neighbors.k;
  const float* list = &lists.neighbors.squared[j * k];
  if (squared > static_cast<double>(list[k - 1])) return 0;
  double sum = 0;
  for (std::size_t s = 0; s < lists.scales; ++s) {
    double others = lists.totals[j * lists.scales + s];
    if (held < k) others -= std::exp(lists.exponent(j, s, static_cast<double>(list[held])));
    others = std::max(others, 0.0);
    const double exponent = lists.exponent(j, s, squared);
    sum += exponent > 0 ? 1 / (1 + others * std::exp(-exponent)) : 1 / (1 + others / std::exp(exponent));
  }
  return sum / static_cast<double>(lists.scales);
}

// The median, over the points, of the Euclidean distance between the means of a point and its nearest neighbor, in the
// caller's units.
double typical_neighbor_distance(const Gaussians& points, const Neighbors& neighbors) {
  std::vector<double> distances(points.count());
  for (std::size_t i = 0; i < distances.size(); ++i) {
    const std::size_t j = neighbors.indices[i * neighbors.k];
    double squared = 0;
    for (std::size_t c = 0; c < points.input_dimensions(); ++c) {
      const double d = static_cast<double>(points.means.at(i, c)) - static_cast<double>(points.means.at(j, c));
      squared += d * d;
    }
    distances[i] = std::sqrt(squared);
  }
  const auto middle = distances.begin() + static_cast<std::ptrdiff_t>(distances.size() / 2);
  std::nth_element(distances.begin(), middle, distances.end());
  return *middle * points.scale;
}

// Copies of the points [first, last). Each point is moved by `step` along every direction, forward and backward.
Gaussians move_points(const Gaussians& points, const Pca& pca, std::size_t directions, double step, std::size_t first,
                      std::size_t last, ThreadTeam& team) {
  const std::size_t d = points.input_dimensions(), moves = 2 * directions;
  Gaussians moved;
  moved.center = points.center;
  moved.scale = points.scale;
  moved.sigma_scale = points.sigma_scale;
  moved.means = PackedMatrix((last - first) * moves, d);
  make_room_for_spread(moved, points);
  team.for_ranges(last - first, 64, [&](std::size_t begin, std::size_t end, std::size_t) {
    for (std::size_t r = begin; r < end; ++r) {
      for (std::size_t m = 0; m < moves; ++m) {
        const double* direction = &pca.components[m / 2 * d];
        const double signed_step = m % 2 == 0 ? step : -step;
        for (std::size_t c = 0; c < d; ++c) {
          const double mean = static_cast<double>(points.means.at(first + r, c)) + signed_step * direction[c];
          moved.means.at(r * moves + m, c) = static_cast<float>(mean);
        }
        copy_spread(points, first + r, moved, r * moves + m);
      }
    }
  });
  return moved;
}

// Computes the cost of a moved point. One object per thread holds the buffers for its neighbors.
class OwnCost {
 public:
  OwnCost(const FittedEmbedding& embedding, const Lists& lists, double exaggeration, double z)
      : embedding_(embedding), lists_(lists), exaggeration_(exaggeration), z_(z), edge_of_(embedding.count(), kNone) {}

  // Loads the lists that contain point i.
  void start(std::size_t i) {
    own_ = i;
    for (std::uint64_t e = lists_.offsets[i]; e < lists_.offsets[i + 1]; ++e) {
      const std::uint64_t edge = lists_.edges[e];
      edge_of_[edge / lists_.neighbors.k] = static_cast<std::uint32_t>(edge % lists_.neighbors.k);
    }
    float unused[3] = {};
    rest_ = z_ - 2 * (embedding_.field().at(position(i), unused, scratch_) - 1);
  }

  void finish() {
    for (std::uint64_t e = lists_.offsets[own_]; e < lists_.offsets[own_ + 1]; ++e) {
      edge_of_[lists_.edges[e] / lists_.neighbors.k] = kNone;
    }
  }

  // Places a moved point with these neighbors. Returns the largest distance of its new position from the old one.
  double place(const std::uint32_t* neighbors, const float* squared, const float* p, std::uint64_t iterations) {
    gather(neighbors, squared, p);
    const std::size_t columns = static_cast<std::size_t>(embedding_.output_dimensions());
    float best[3] = {};
    double least = std::numeric_limits<double>::infinity();
    for (const std::uint32_t start : starts_) {
      float y[3] = {};
      std::copy_n(position(start), columns, y);
      const auto evaluate = [&](const float* at) { return cost(at); };
      const Cost found = minimize(y, columns, {embedding_.low(), embedding_.high()}, iterations, evaluate);
      if (found.value >= least) continue;
      least = found.value;
      std::copy_n(y, 3, best);
    }
    double distance = 0;
    for (std::size_t d = 0; d < columns; ++d) {
      const double moved = static_cast<double>(best[d]) - static_cast<double>(position(own_)[d]);
      distance += moved * moved;
    }
    return std::sqrt(distance);
  }

 private:
  const float* position(std::size_t i) const {
    return &embedding_.positions()[i * stride_of(embedding_.output_dimensions())];
  }

  void gather(const std::uint32_t* neighbors, const float* squared, const float* p) {
    const std::size_t k = lists_.neighbors.k;
    members_.clear();
    for (std::size_t e = 0; e < k; ++e) {
      const std::size_t j = neighbors[e];
      const std::size_t held = edge_of_[j] == kNone ? k : edge_of_[j];
      const double from = affinity_from(lists_, j, held, static_cast<double>(squared[e]));
      members_.push_back({(static_cast<double>(p[e]) + from) / 2, neighbors[e]});
    }
    // Adds the points that have the moved point among their neighbors, but are not among its own neighbors.
    for (std::size_t e = 0; e < k; ++e) taken_.push_back(neighbors[e]);
    std::sort(taken_.begin(), taken_.end());
    for (std::uint64_t e = lists_.offsets[own_]; e < lists_.offsets[own_ + 1]; ++e) {
      const std::uint64_t edge = lists_.edges[e];
      const auto j = static_cast<std::uint32_t>(edge / k);
      if (std::binary_search(taken_.begin(), taken_.end(), j)) continue;
      members_.push_back({static_cast<double>(lists_.conditional.values[edge]) / 2, j});
    }
    taken_.clear();
    const std::size_t padded = (members_.size() + kPadding - 1) / kPadding * kPadding;
    const std::size_t columns = static_cast<std::size_t>(embedding_.output_dimensions());
    a_.assign(padded, 0.0f);
    for (std::size_t d = 0; d < columns; ++d) coordinates_[d].assign(padded, 0.0f);
    for (std::size_t m = 0; m < members_.size(); ++m) {
      a_[m] = static_cast<float>(exaggeration_ * members_[m].affinity);
      for (std::size_t d = 0; d < columns; ++d) coordinates_[d][m] = position(members_[m].point)[d];
    }
    starts_.assign(1, static_cast<std::uint32_t>(own_));
    const std::size_t largest = std::min(kStarts, members_.size());
    std::partial_sort(members_.begin(), members_.begin() + static_cast<std::ptrdiff_t>(largest), members_.end(),
                      [](const Member& a, const Member& b) {
                        return a.affinity != b.affinity ? a.affinity > b.affinity : a.point < b.point;
                      });
    for (std::size_t m = 0; m < largest; ++m) starts_.push_back(members_[m].point);
  }

  Cost cost(const float* y) {
    const PlacementNeighbors view{
        {coordinates_[0].data(), coordinates_[1].data(), coordinates_[2].data()}, a_.data(), a_.size()};
    const Attraction attraction = placement_kernels().attract(embedding_.output_dimensions(), view, y);
    float force[3] = {};
    double sum = embedding_.field().at(y, force, scratch_);
    const std::size_t columns = static_cast<std::size_t>(embedding_.output_dimensions());
    const float* own = position(own_);
    float squared = 1;
    for (std::size_t d = 0; d < columns; ++d) squared += (y[d] - own[d]) * (y[d] - own[d]);
    const float w = 1 / squared;
    sum -= static_cast<double>(w);
    for (std::size_t d = 0; d < columns; ++d) force[d] -= w * w * (y[d] - own[d]);
    const double n = static_cast<double>(embedding_.count()), z = rest_ + 2 * sum;
    Cost result{static_cast<double>(attraction.energy) + n / 2 * std::log(z), {}};
    const double stiffness = std::max(static_cast<double>(attraction.stiffness), 1e-30);
    for (std::size_t d = 0; d < columns; ++d) {
      const double slope = static_cast<double>(attraction.pull[d]) - n * static_cast<double>(force[d]) / z;
      result.step[d] = static_cast<float>(-slope / stiffness);
    }
    return result;
  }

  struct Member {
    double affinity;
    std::uint32_t point;
  };

  const FittedEmbedding& embedding_;
  const Lists& lists_;
  double exaggeration_, z_, rest_ = 0;
  std::size_t own_ = 0;
  std::vector<std::uint32_t> edge_of_;  // the position of the left-out point in the list of each point
  std::vector<Member> members_;
  std::vector<std::uint32_t> taken_, starts_;
  AlignedVector<float> coordinates_[3], a_;
  WalkScratch scratch_;
};

// The sum of w over all pairs, from the field.
double sum_weights(const FittedEmbedding& embedding, ThreadTeam& team) {
  const std::size_t n = embedding.count(), stride = stride_of(embedding.output_dimensions());
  std::vector<double> weights(n);
  std::vector<WalkScratch> scratches(team.size());
  team.for_each((n + kGrain - 1) / kGrain, [&](std::size_t chunk, unsigned worker) {
    for (std::size_t i = chunk * kGrain; i < std::min(n, (chunk + 1) * kGrain); ++i) {
      float force[3] = {};
      weights[i] = embedding.field().at(&embedding.positions()[i * stride], force, scratches[worker]) - 1;
    }
  });
  return std::accumulate(weights.begin(), weights.end(), 0.0);
}

}  // namespace

Perturbation measure_perturbation(const FittedEmbedding& embedding, const PerturbationOptions& options,
                                  ThreadTeam& team, const Cancellation& cancellation,
                                  const FittedEmbedding::OnShare& progress) {
  const Gaussians& points = embedding.points();
  const std::size_t n = points.count(), d = points.input_dimensions();
  const std::size_t directions = std::min({options.directions, d, n - 1}), moves = 2 * directions;
  const double unit = 1 / static_cast<double>(moves + 1);
  const Lists lists =
      find_lists(embedding, options.perplexities, team, cancellation, [&](double share) { progress(unit * share); });
  Perturbation result{std::vector<float>(n), options.length, directions};
  if (result.length == 0) result.length = 0.5 * typical_neighbor_distance(points, lists.neighbors);
  Random random(options.seed);
  const Pca pca = find_principal_components(points.means, directions, random, team, cancellation);
  const double z = sum_weights(embedding, team);
  std::vector<std::unique_ptr<OwnCost>> workers(team.size());
  const std::size_t batch = std::max<std::size_t>(1, kBatch / moves);
  for (std::size_t first = 0; first < n; first += batch) {
    const std::size_t last = std::min(n, first + batch);
    const Gaussians moved = move_points(points, pca, directions, result.length / points.scale, first, last, team);
    std::vector<std::uint32_t> own(moved.count());
    for (std::size_t q = 0; q < own.size(); ++q) own[q] = static_cast<std::uint32_t>(first + q / moves);
    const double per_query = (1 - unit) / static_cast<double>(n * moves);
    const Neighbors neighbors =
        embedding.search().search(moved, own, lists.neighbors.k, team, cancellation,
                                  [&](std::size_t done) { progress(0.5 * per_query * static_cast<double>(done)); });
    const ConditionalAffinities conditional = calibrate(neighbors, options.perplexities, team, cancellation);
    const std::size_t k = neighbors.k;
    team.for_each((last - first + kGrain - 1) / kGrain, [&](std::size_t chunk, unsigned worker) {
      if (!workers[worker]) workers[worker] = std::make_unique<OwnCost>(embedding, lists, options.exaggeration, z);
      OwnCost& cost = *workers[worker];
      const std::size_t begin = first + chunk * kGrain, end = std::min(last, begin + kGrain);
      for (std::size_t i = begin; i < end; ++i) {
        cancellation.check();
        cost.start(i);
        double farthest = 0;
        for (std::size_t q = (i - first) * moves; q < (i - first + 1) * moves; ++q) {
          farthest = std::max(farthest, cost.place(&neighbors.indices[q * k], &neighbors.squared[q * k],
                                                   &conditional.values[q * k], options.iterations));
        }
        cost.finish();
        result.scores[i] = static_cast<float>(farthest);
      }
      progress(0.5 * per_query * static_cast<double>((end - begin) * moves));
    });
  }
  return result;
}

}  // namespace sigma
