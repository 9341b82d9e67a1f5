#include "initialization.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include "../linalg/pca.hpp"
#include "../repulsion/repulsion.hpp"
#include "spectral_start.hpp"

namespace sigma {
namespace {

constexpr double kWidth = 1e-4;
constexpr double kNoise = 0.01 * kWidth;
// Rows far from all others start at most this many times as far out as the median row. Otherwise all other rows would
// start at nearly the same position.
constexpr double kFarthestStart = 10;

AlignedVector<float> start_from_graph(const Affinities& affinities, int output_dimensions, Random& random,
                                      ThreadTeam& team, const Cancellation& cancellation) {
  const auto width = static_cast<std::size_t>(output_dimensions);
  const std::size_t n = affinities.count(), stride = stride_of(output_dimensions);
  const std::vector<double> graph = spectral_positions(affinities, output_dimensions, random, team, cancellation);
  AlignedVector<float> positions(n * stride, 0.0f);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t c = 0; c < width; ++c) {
      positions[i * stride + c] = static_cast<float>(graph[i * width + c] + kNoise * random.normal());
    }
  }
  return positions;
}

}  // namespace

AlignedVector<float> initialize(const PackedMatrix& means, const Affinities& affinities, Start start,
                                int output_dimensions, Random& random, ThreadTeam& team,
                                const Cancellation& cancellation) {
  if (start == Start::spectral) return start_from_graph(affinities, output_dimensions, random, team, cancellation);
  const std::size_t n = means.rows(), stride = stride_of(output_dimensions);
  AlignedVector<float> positions(n * stride, 0.0f);
  const std::size_t components =
      start == Start::pca ? std::min({static_cast<std::size_t>(output_dimensions), means.cols(), n}) : 0;
  Pca pca;
  double scale = 0;
  if (components > 0) {
    const std::optional<NearRows> near = draw_in_far_rows(means, kFarthestStart);
    pca = find_principal_components(near ? near->rows : means, components, random, team, cancellation);
    // If the variance is below this limit, the data is constant except for rounding errors.
    if (pca.variances[0] > 1e-14) scale = kWidth / std::sqrt(pca.variances[0]);
  }
  const double noise = scale > 0 ? kNoise : kWidth;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t d = 0; d < static_cast<std::size_t>(output_dimensions); ++d) {
      const double coordinate = scale > 0 && d < components ? scale * static_cast<double>(pca.scores.at(i, d)) : 0.0;
      positions[i * stride + d] = static_cast<float>(coordinate + noise * random.normal());
    }
  }
  return positions;
}

}  // namespace sigma
