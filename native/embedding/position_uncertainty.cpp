#include "position_uncertainty.hpp"

#include <algorithm>
#include <cmath>

#include "../support/random.hpp"

namespace sigma {
namespace {

// Samples that are placed at once.
constexpr std::size_t kBatch = 16384;
constexpr std::uint64_t kOddStep = 0x9e3779b97f4a7c15ULL;

// Distance from the place of each point to its k-th nearest on the map.
std::vector<float> find_radii(const FittedMap& map, std::span<const std::uint32_t> rows, std::size_t k,
                              ThreadTeam& team, const Cancellation& cancellation) {
  const std::size_t n = map.count(), columns = static_cast<std::size_t>(map.dims()), stride = stride_of(map.dims());
  std::vector<float> places(n * columns);
  for (std::size_t i = 0; i < n; ++i) std::copy_n(&map.positions()[i * stride], columns, &places[i * columns]);
  const Gaussians points = pack_means({places.data(), nullptr}, n, columns);
  Gaussians queries;
  queries.means = PackedMatrix(rows.size(), columns);
  for (std::size_t r = 0; r < rows.size(); ++r) {
    for (std::size_t d = 0; d < columns; ++d) queries.means.at(r, d) = points.means.at(rows[r], d);
  }
  const QuerySearch search("euclidean", points, team, cancellation);
  const Neighbors neighbors = search.search(queries, rows, k, team, cancellation, [](std::size_t) {});
  std::vector<float> radii(rows.size());
  for (std::size_t r = 0; r < rows.size(); ++r) {
    radii[r] = static_cast<float>(std::sqrt(static_cast<double>(neighbors.squared[r * k + k - 1])) * points.scale);
  }
  return radii;
}

// `count` samples of each row, one after the other.
Gaussians draw(const Gaussians& points, std::span<const std::uint32_t> rows, std::size_t count, std::uint64_t seed,
               ThreadTeam& team) {
  const std::size_t d = points.dims();
  Gaussians samples;
  samples.center = points.center;
  samples.scale = points.scale;
  samples.sigma_scale = points.sigma_scale;
  samples.variance_floor = points.variance_floor;
  samples.means = PackedMatrix(rows.size() * count, d);
  samples.deviations = PackedMatrix(rows.size() * count, d);
  const double unit = points.sigma_scale / points.scale;
  const std::uint64_t key = Random(seed).bits();
  team.for_ranges(rows.size(), 64, [&](std::size_t first, std::size_t last, std::size_t) {
    for (std::size_t r = first; r < last; ++r) {
      Random random(key ^ (kOddStep * (std::uint64_t{rows[r]} + 1)));
      for (std::size_t s = r * count; s < (r + 1) * count; ++s) {
        for (std::size_t k = 0; k < d; ++k) {
          const float deviation = points.deviations.at(rows[r], k);
          const double offset = random.normal() * static_cast<double>(deviation) * unit;
          // As far as new points may lie.
          const double mean = static_cast<double>(points.means.at(rows[r], k)) + offset;
          samples.means.at(s, k) = static_cast<float>(std::clamp(mean, -kFarthestQuery, kFarthestQuery));
          samples.deviations.at(s, k) = deviation;
        }
      }
    }
  });
  return samples;
}

}  // namespace

PositionUncertainty measure_uncertainty(const FittedMap& map, std::span<const std::uint32_t> rows,
                                        const UncertaintyOptions& options, ThreadTeam& team,
                                        const Cancellation& cancellation, const FittedMap::OnShare& progress) {
  const std::size_t columns = static_cast<std::size_t>(map.dims()), stride = stride_of(map.dims());
  const std::size_t entries = columns * (columns + 1) / 2, samples = options.samples, count = rows.size();
  PositionUncertainty result{std::vector<float>(count), std::vector<float>(count * entries), std::vector<float>(count)};
  if (count == 0) return result;
  const std::vector<float> radii = find_radii(map, rows, options.neighbors, team, cancellation);
  const std::size_t batch = std::max<std::size_t>(1, kBatch / samples);
  for (std::size_t first = 0; first < count; first += batch) {
    const std::span<const std::uint32_t> part = rows.subspan(first, std::min(batch, count - first));
    const Gaussians drawn = draw(map.points(), part, samples, options.seed, team);
    std::vector<std::uint32_t> own(drawn.count());
    for (std::size_t s = 0; s < own.size(); ++s) own[s] = part[s / samples];
    const double share = static_cast<double>(part.size()) / static_cast<double>(count);
    const Placed placed =
        map.place(drawn, own, options.placement, cancellation, [&](double done) { progress(share * done); });
    for (std::size_t r = 0; r < part.size(); ++r) {
      const float* home = &map.positions()[std::size_t{part[r]} * stride];
      const float* places = &placed.positions[r * samples * columns];
      double mean[3] = {}, distance = 0;
      std::size_t within = 0;
      for (std::size_t s = 0; s < samples; ++s) {
        double squared = 0;
        for (std::size_t d = 0; d < columns; ++d) {
          const double offset = static_cast<double>(places[s * columns + d]) - static_cast<double>(home[d]);
          mean[d] += offset / static_cast<double>(samples);
          squared += offset * offset;
        }
        distance += std::sqrt(squared);
        within += std::sqrt(squared) <= static_cast<double>(radii[first + r]);
      }
      float* covariance = &result.covariances[(first + r) * entries];
      for (std::size_t a = 0; a < columns; ++a) {
        for (std::size_t b = a; b < columns; ++b) {
          double sum = 0;
          for (std::size_t s = 0; s < samples; ++s) {
            const double x = static_cast<double>(places[s * columns + a]) - static_cast<double>(home[a]) - mean[a];
            const double y = static_cast<double>(places[s * columns + b]) - static_cast<double>(home[b]) - mean[b];
            sum += x * y;
          }
          *covariance++ = static_cast<float>(sum / static_cast<double>(samples - 1));
        }
      }
      result.displacements[first + r] = static_cast<float>(distance / static_cast<double>(samples));
      result.shares[first + r] = static_cast<float>(static_cast<double>(within) / static_cast<double>(samples));
    }
  }
  return result;
}

}  // namespace sigma
