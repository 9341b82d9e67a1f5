#include "normalization.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace sigma {
namespace {

// How many array elements a thread processes as one chunk. The elements of a chunk stay in the second-level cache of
// the thread while they are read twice.
constexpr std::size_t kGrain = 16384;

std::size_t rows_per_chunk(const Normalization& normalization) {
  return std::max<std::size_t>(kGrain / normalization.cols, 1);
}

// y = max(0, scale * x + shift).
struct Line {
  std::vector<float> scale, shift;

  Line(const Normalization& normalization, const float* mean, const float* variance)
      : scale(normalization.cols), shift(normalization.cols) {
    for (std::size_t j = 0; j < normalization.cols; ++j) {
      scale[j] = normalization.gamma[j] / std::sqrt(variance[j] + normalization.epsilon);
      shift[j] = normalization.beta[j] - mean[j] * scale[j];
    }
  }
};

// Computes mean and variance of every column. Each chunk of rows uses its own mean for the sum of squares, so float32
// is accurate enough within a chunk. The chunks are combined in float64 (Chan, Golub & LeVeque 1983).
void measure(const Normalization& normalization, float* mean, float* variance, ThreadTeam& team) {
  const auto& [rows, cols, epsilon, x, gamma, beta] = normalization;
  const NetworkKernels& kernels = network_kernels();
  const std::size_t grain = rows_per_chunk(normalization), chunks = (rows + grain - 1) / grain;
  std::vector<float> means(chunks * cols), squares(chunks * cols);
  team.for_ranges(rows, grain, [&](std::size_t first, std::size_t last, std::size_t chunk) {
    float* center = means.data() + chunk * cols;
    for (std::size_t i = first; i < last; ++i) kernels.add(x + i * cols, cols, center);
    for (std::size_t j = 0; j < cols; ++j) center[j] /= static_cast<float>(last - first);
    kernels.add_squares(x + first * cols, last - first, cols, center, squares.data() + chunk * cols);
  });
  for (std::size_t j = 0; j < cols; ++j) {
    double count = 0, center = 0, sum = 0;
    for (std::size_t chunk = 0; chunk < chunks; ++chunk) {
      const auto added = static_cast<double>(std::min(grain, rows - chunk * grain));
      const double difference = static_cast<double>(means[chunk * cols + j]) - center;
      sum += static_cast<double>(squares[chunk * cols + j]) + difference * difference * count * added / (count + added);
      count += added;
      center += difference * added / count;
    }
    mean[j] = static_cast<float>(center);
    variance[j] = static_cast<float>(count > 0 ? sum / count : 0);
  }
}

}  // namespace

void normalize(const Normalization& normalization, float* y, float* mean, float* variance, ThreadTeam& team) {
  const auto& [rows, cols, epsilon, x, gamma, beta] = normalization;
  if (cols == 0) return;
  measure(normalization, mean, variance, team);
  const Line line(normalization, mean, variance);
  const NetworkKernels& kernels = network_kernels();
  team.for_ranges(rows, rows_per_chunk(normalization), [&](std::size_t first, std::size_t last, std::size_t) {
    kernels.scale_rows(x + first * cols, last - first, cols, line.scale.data(), line.shift.data(), y + first * cols);
  });
}

// Let g = dy if y > 0 and 0 otherwise, s = sqrt(variance + epsilon), and n = (x - mean) / s the normalized value. Then
// dbeta = sum of g, dgamma = sum of g * n, and dx = gamma / s * (g - dbeta / rows - n * dgamma / rows).
void normalize_back(const Normalization& normalization, const float* mean, const float* variance, const float* dy,
                    const NormalizationGradients& gradients, ThreadTeam& team) {
  const auto& [rows, cols, epsilon, x, gamma, beta] = normalization;
  if (cols == 0) return;
  const Line line(normalization, mean, variance);
  const NetworkKernels& kernels = network_kernels();
  const std::size_t grain = rows_per_chunk(normalization), chunks = (rows + grain - 1) / grain;
  // For each chunk, the sums of g and of g * (x - mean).
  std::vector<float> parts(chunks * 2 * cols);
  const NormalizationColumns columns{line.scale.data(), line.shift.data(), mean};
  team.for_ranges(rows, grain, [&](std::size_t first, std::size_t last, std::size_t chunk) {
    float* sums = parts.data() + chunk * 2 * cols;
    kernels.sum_gradients(x + first * cols, dy + first * cols, last - first, cols, columns, sums, sums + cols);
  });
  std::vector<float> offset(cols), slope(cols);
  for (std::size_t j = 0; j < cols; ++j) {
    double sum = 0, product = 0;
    for (std::size_t chunk = 0; chunk < chunks; ++chunk) {
      sum += static_cast<double>(parts[chunk * 2 * cols + j]);
      product += static_cast<double>(parts[(chunk * 2 + 1) * cols + j]);
    }
    const double inverse = 1 / std::sqrt(static_cast<double>(variance[j]) + static_cast<double>(epsilon));
    const double share = static_cast<double>(line.scale[j]) / static_cast<double>(std::max<std::size_t>(rows, 1));
    gradients.beta[j] = static_cast<float>(sum);
    gradients.gamma[j] = static_cast<float>(product * inverse);
    offset[j] = static_cast<float>(-share * sum);
    slope[j] = static_cast<float>(-share * product * inverse * inverse);
  }
  team.for_ranges(rows, grain, [&](std::size_t first, std::size_t last, std::size_t) {
    kernels.spread_gradients(x + first * cols, dy + first * cols, last - first, cols, columns, offset.data(),
                             slope.data(), gradients.x + first * cols);
  });
}

}  // namespace sigma
