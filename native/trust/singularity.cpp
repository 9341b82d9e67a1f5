#include "singularity.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "../linalg/symmetric_eigen.hpp"

namespace sigma {
namespace {

constexpr std::size_t kGrain = 64;
constexpr std::size_t kMostEntries = 6;
// Half the distance between the positions whose forces are subtracted for a derivative, in units of the embedding. The
// kernel has width 1.
constexpr float kStep = 0.05f;

// Sums over all other points. The entries of the gradient G are rows of its upper triangle.
struct RepulsionSums {
  double w = 0;
  double force[3] = {};
  double gradient[kMostEntries] = {};
};

template <int D>
RepulsionSums sum_pairs(const EmbeddingView& embedding, std::size_t n, std::size_t i) {
  constexpr std::size_t stride = D == 3 ? 4 : D;
  const double alpha = embedding.degrees_of_freedom;
  const bool is_general = alpha != 1;
  const float* y = embedding.positions + i * stride;
  RepulsionSums sums;
  for (std::size_t j = 0; j < n; ++j) {
    if (j == i) continue;
    double d[D], squared = 0;
    for (int c = 0; c < D; ++c) {
      d[c] = static_cast<double>(y[c]) -
             static_cast<double>(embedding.positions[j * stride + static_cast<std::size_t>(c)]);
      squared += d[c] * d[c];
    }
    const double u = 1 / (1 + squared / alpha);
    const double w = is_general ? std::pow(u, alpha) : u;
    const double first = w * u, second = 2 * (alpha + 1) / alpha * first * u;
    sums.w += w;
    double* entry = sums.gradient;
    for (int a = 0; a < D; ++a) {
      sums.force[a] += first * d[a];
      *entry += first;
      for (int b = a; b < D; ++b) *entry++ -= second * d[a] * d[b];
    }
  }
  return sums;
}

RepulsionSums read_field(const Field& field, int dimensions, const float* y, WalkScratch& scratch) {
  const auto columns = static_cast<std::size_t>(dimensions);
  RepulsionSums sums;
  float force[3] = {}, ahead[3] = {}, behind[3] = {};
  // The field includes the point itself, with w = 1 and zero force.
  sums.w = field.at(y, force, scratch) - 1;
  for (std::size_t d = 0; d < columns; ++d) sums.force[d] = static_cast<double>(force[d]);
  double* entry = sums.gradient;
  for (std::size_t a = 0; a < columns; ++a) {
    float moved[3] = {};
    std::copy_n(y, columns, moved);
    moved[a] = y[a] + kStep;
    field.at(moved, ahead, scratch);
    moved[a] = y[a] - kStep;
    field.at(moved, behind, scratch);
    for (std::size_t b = a; b < columns; ++b) {
      *entry++ = (static_cast<double>(ahead[b]) - static_cast<double>(behind[b])) / (2 * static_cast<double>(kStep));
    }
    // Subtracts the contribution of the point itself, computed from the same differences.
    const double h = static_cast<double>(kStep), own = 1 / ((1 + h * h) * (1 + h * h));
    *(entry - static_cast<std::ptrdiff_t>(columns - a)) -= own;
  }
  return sums;
}

RepulsionSums sum_repulsion(const EmbeddingView& embedding, std::size_t n, std::size_t i) {
  switch (embedding.output_dimensions) {
    case 1:
      return sum_pairs<1>(embedding, n, i);
    case 2:
      return sum_pairs<2>(embedding, n, i);
    default:
      return sum_pairs<3>(embedding, n, i);
  }
}

// Adds the second derivatives of the attraction to `hessian`.
void add_attraction(const Affinities& affinities, const EmbeddingView& embedding, std::size_t i, double* hessian) {
  const auto columns = static_cast<std::size_t>(embedding.output_dimensions);
  const std::size_t stride = stride_of(embedding.output_dimensions);
  const double alpha = embedding.degrees_of_freedom;
  const double scale = static_cast<double>(affinities.count()) * embedding.exaggeration;
  const float* y = embedding.positions + i * stride;
  for (std::uint64_t e = affinities.offsets[i]; e < affinities.offsets[i + 1]; ++e) {
    const float* other = embedding.positions + std::size_t{affinities.columns[e]} * stride;
    double d[3] = {}, squared = 0;
    for (std::size_t c = 0; c < columns; ++c) {
      d[c] = static_cast<double>(y[c]) - static_cast<double>(other[c]);
      squared += d[c] * d[c];
    }
    const double u = 1 / (1 + squared / alpha), a = scale * static_cast<double>(affinities.values[e]);
    double* entry = hessian;
    for (std::size_t r = 0; r < columns; ++r) {
      *entry += 2 * a * u;
      for (std::size_t c = r; c < columns; ++c) *entry++ -= 4 * a / alpha * u * u * d[r] * d[c];
    }
  }
}

double smallest_eigenvalue(const double* upper, std::size_t columns, const Cancellation& cancellation) {
  std::vector<double> full(columns * columns);
  for (std::size_t r = 0; r < columns; ++r) {
    for (std::size_t c = r; c < columns; ++c) full[r * columns + c] = full[c * columns + r] = *upper++;
  }
  return solve_symmetric(std::move(full), columns, cancellation).values.back();
}

}  // namespace

Singularity measure_singularity(const Affinities& affinities, const EmbeddingView& embedding, const Field* field,
                                ThreadTeam& team, const Cancellation& cancellation) {
  const std::size_t n = affinities.count(), columns = static_cast<std::size_t>(embedding.output_dimensions);
  const std::size_t stride = stride_of(embedding.output_dimensions), entries = columns * (columns + 1) / 2;
  std::vector<RepulsionSums> sums(n);
  std::vector<WalkScratch> scratches(team.size());
  team.for_each((n + kGrain - 1) / kGrain, [&](std::size_t chunk, unsigned worker) {
    cancellation.check();
    for (std::size_t i = chunk * kGrain; i < std::min(n, (chunk + 1) * kGrain); ++i) {
      sums[i] = field == nullptr ? sum_repulsion(embedding, n, i)
                                 : read_field(*field, embedding.output_dimensions, embedding.positions + i * stride,
                                              scratches[worker]);
    }
  });
  const double z =
      std::accumulate(sums.begin(), sums.end(), 0.0, [](double sum, const RepulsionSums& one) { return sum + one.w; });
  const double count = static_cast<double>(n);
  Singularity result{std::vector<double>(n * entries), std::vector<float>(n), field == nullptr};
  team.for_ranges(n, kGrain, [&](std::size_t first, std::size_t last, std::size_t) {
    cancellation.check();
    for (std::size_t i = first; i < last; ++i) {
      double* hessian = &result.hessians[i * entries];
      double* entry = hessian;
      for (std::size_t a = 0; a < columns; ++a) {
        for (std::size_t b = a; b < columns; ++b, ++entry) {
          const auto at = static_cast<std::size_t>(entry - hessian);
          *entry = -2 * count / z * sums[i].gradient[at] - 8 * count / (z * z) * sums[i].force[a] * sums[i].force[b];
        }
      }
      add_attraction(affinities, embedding, i, hessian);
      const double least = smallest_eigenvalue(hessian, columns, cancellation);
      result.scores[i] = least > 0 ? static_cast<float>(1 / least) : std::numeric_limits<float>::infinity();
    }
  });
  return result;
}

}  // namespace sigma
