#include "placement.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "../affinity/perplexity.hpp"
#include "placement_kernels.hpp"
#include "point_descent.hpp"

namespace sigma {
namespace {

constexpr std::size_t kGrain = 128;
constexpr std::size_t kPadding = 16;
// New points may lie at most this far outside the bounds of the embedding. Farther out, the whole embedding repels a
// point and its neighbors hardly attract it. The margin is in units of the embedding, and as a share of its longest
// side.
constexpr float kLeastMargin = 1, kMargin = 0.05f;
// The median of the coordinates with weights p: the least coordinate such that at most half of the weight lies above
// it.
float weighted_median(const float* values, const float* p, std::size_t k, std::vector<std::uint32_t>& order) {
  order.resize(k);
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(), [values](std::uint32_t a, std::uint32_t b) {
    return values[a] != values[b] ? values[a] < values[b] : a < b;
  });
  double total = 0, below = 0;
  for (std::size_t j = 0; j < k; ++j) total += static_cast<double>(p[j]);
  for (const std::uint32_t j : order) {
    below += static_cast<double>(p[j]);
    if (2 * below >= total) return values[j];
  }
  return values[order.back()];
}

}  // namespace

struct FittedEmbedding::Plane {
  Gaussians points;
  QuerySearch search;
  Plane(Gaussians packed, ThreadTeam& team, const Cancellation& cancellation)
      : points(std::move(packed)), search("euclidean", points, team, cancellation) {}
};

FittedEmbedding::~FittedEmbedding() = default;

FittedEmbedding::FittedEmbedding(const Gaussians& points, std::string_view distance, int output_dimensions,
                                 const std::vector<float>& embedding, double spacing, double theta, ThreadTeam& team,
                                 const Cancellation& cancellation)
    : points_(points),
      output_dimensions_(output_dimensions),
      team_(team),
      search_(distance, points, team, cancellation) {
  const std::size_t n = points.count(), stride = stride_of(output_dimensions),
                    columns = static_cast<std::size_t>(output_dimensions);
  positions_.assign(n * stride, 0.0f);
  for (std::size_t i = 0; i < n; ++i) std::copy_n(&embedding[i * columns], columns, &positions_[i * stride]);
  float longest = 0;
  for (std::size_t d = 0; d < columns; ++d) {
    low_[d] = high_[d] = embedding[d];
    for (std::size_t i = 0; i < n; ++i) {
      low_[d] = std::min(low_[d], embedding[i * columns + d]);
      high_[d] = std::max(high_[d], embedding[i * columns + d]);
    }
    longest = std::max(longest, high_[d] - low_[d]);
  }
  const float margin = std::max(kLeastMargin, kMargin * longest);
  for (std::size_t d = 0; d < columns; ++d) {
    low_[d] -= margin;
    high_[d] += margin;
  }
  field_ = make_field(output_dimensions, positions_.data(), n, low_, high_, spacing, theta, team);
}

const MeasurementPrior& FittedEmbedding::measurement_prior(const Cancellation& cancellation) {
  if (!prior_) prior_ = std::make_unique<MeasurementPrior>(points_, team_, cancellation);
  return *prior_;
}

std::vector<float> FittedEmbedding::find_radii(std::span<const float> positions, std::span<const std::uint32_t> own,
                                               std::size_t k, const Cancellation& cancellation) {
  const std::size_t n = count(), columns = static_cast<std::size_t>(output_dimensions_),
                    stride = stride_of(output_dimensions_);
  if (!plane_) {
    std::vector<float> embedding(n * columns);
    for (std::size_t i = 0; i < n; ++i) std::copy_n(&positions_[i * stride], columns, &embedding[i * columns]);
    plane_ = std::make_unique<Plane>(pack_means({embedding.data(), nullptr}, n, columns), team_, cancellation);
  }
  const Gaussians& points = plane_->points;
  Frame frame;
  frame.center = points.center;
  frame.scale = points.scale;
  const Gaussians queries = pack_queries({positions.data(), nullptr}, own.size(), frame, team_);
  const Neighbors neighbors = plane_->search.search(queries, own, k, team_, cancellation, [](std::size_t) {});
  std::vector<float> radii(own.size());
  for (std::size_t q = 0; q < own.size(); ++q) {
    radii[q] = static_cast<float>(std::sqrt(static_cast<double>(neighbors.squared[q * k + k - 1])) * points.scale);
  }
  return radii;
}

Placed FittedEmbedding::place(const Gaussians& queries, const PlacementOptions& options,
                              const Cancellation& cancellation, const OnShare& progress) const {
  const std::vector<std::uint32_t> none(queries.count(), QuerySearch::kNone);
  return place(queries, none, options, cancellation, progress);
}

Placed FittedEmbedding::place(const Gaussians& queries, std::span<const std::uint32_t> own,
                              const PlacementOptions& options, const Cancellation& cancellation,
                              const OnShare& progress) const {
  const std::size_t count = queries.count(), stride = stride_of(output_dimensions_),
                    columns = static_cast<std::size_t>(output_dimensions_);
  const bool excludes = std::any_of(own.begin(), own.end(), [](std::uint32_t i) { return i != QuerySearch::kNone; });
  const std::size_t k = neighbor_count(options.perplexities, points_.count() + 1 - excludes);
  const auto advance = [&](std::size_t done, double share) {
    progress(share * static_cast<double>(done) / static_cast<double>(count));
  };
  const Neighbors neighbors =
      search_.search(queries, own, k, team_, cancellation, [&](std::size_t done) { advance(done, 0.8); });
  const ConditionalAffinities affinities = calibrate(neighbors, options.perplexities, team_, cancellation);

  Placed placed{std::vector<float>(count * columns), std::vector<float>(count)};
  const std::size_t padded = (k + kPadding - 1) / kPadding * kPadding;
  std::vector<WalkScratch> scratches(team_.size());
  team_.for_each((count + kGrain - 1) / kGrain, [&](std::size_t chunk, unsigned worker) {
    AlignedVector<float> coordinates[3];
    for (std::size_t d = 0; d < columns; ++d) coordinates[d].assign(padded, 0.0f);
    AlignedVector<float> p(padded, 0.0f);
    std::vector<std::uint32_t> order;
    const PlacementNeighbors view{
        {coordinates[0].data(), coordinates[1].data(), coordinates[2].data()}, p.data(), padded};
    const std::size_t last = std::min(count, (chunk + 1) * kGrain);
    for (std::size_t q = chunk * kGrain; q < last; ++q) {
      cancellation.check();
      for (std::size_t j = 0; j < k; ++j) {
        const std::size_t at = std::size_t{neighbors.indices[q * k + j]} * stride;
        for (std::size_t d = 0; d < columns; ++d) coordinates[d][j] = positions_[at + d];
        p[j] = affinities.values[q * k + j];
      }
      const float* repelled = own[q] == QuerySearch::kNone ? nullptr : &positions_[std::size_t{own[q]} * stride];
      const auto evaluate = [&](const float* y) {
        const Attraction attraction = placement_kernels().attract(output_dimensions_, view, y);
        float force[3];
        double z = field_->at(y, force, scratches[worker]);
        if (repelled != nullptr) {
          float squared = 1;
          for (std::size_t d = 0; d < columns; ++d) squared += (y[d] - repelled[d]) * (y[d] - repelled[d]);
          const float w = 1 / squared;
          z -= static_cast<double>(w);
          for (std::size_t d = 0; d < columns; ++d) force[d] -= w * w * (y[d] - repelled[d]);
        }
        z = std::max(z, static_cast<double>(std::numeric_limits<float>::min()));
        Cost cost{static_cast<double>(attraction.energy) + std::log(z), {}};
        // A parabola with the attraction's value, slope and stiffness at this point bounds the attraction from above.
        // The step goes to the lowest point of the parabola, with the repulsion taken as constant. It needs no learning
        // rate (Yang, Peltonen & Kaski 2015).
        const double stiffness = std::max(static_cast<double>(attraction.stiffness), 1e-30);
        for (std::size_t d = 0; d < columns; ++d) {
          const double slope = static_cast<double>(attraction.pull[d]) - static_cast<double>(force[d]) / z;
          cost.step[d] = static_cast<float>(-slope / stiffness);
        }
        return cost;
      };
      float y[3] = {};
      for (std::size_t d = 0; d < columns; ++d) y[d] = weighted_median(coordinates[d].data(), p.data(), k, order);
      const Cost cost = minimize(y, columns, {low_, high_}, options.iterations, evaluate);
      double entropy = 0;
      for (std::size_t j = 0; j < k; ++j) {
        if (p[j] > 0) entropy += static_cast<double>(p[j]) * std::log(static_cast<double>(p[j]));
      }
      std::copy_n(y, columns, &placed.positions[q * columns]);
      placed.divergences[q] = static_cast<float>(std::max(0.0, entropy + cost.value));
    }
    advance(last - chunk * kGrain, 0.2);
  });
  return placed;
}

}  // namespace sigma
