#include "outliers.hpp"

#include <algorithm>
#include <cmath>

#include "../support/random.hpp"

namespace sigma {
namespace {

constexpr std::size_t kSample = 1024;

// Draws one random row from each of up to kSample parts of equal size, in ascending order. The random choice also gives
// a fair sample of data in which, for example, every other row differs from the rest.
std::vector<std::size_t> sample_rows(std::size_t rows) {
  const std::size_t size = std::min(rows, kSample);
  Random random(1);
  std::vector<std::size_t> sample(size);
  for (std::size_t s = 0; s < size; ++s) {
    const std::size_t first = rows * s / size, last = rows * (s + 1) / size;
    sample[s] = first + random.bits() % (last - first);
  }
  return sample;
}

// For an even number of values, the lower of the two middle values, because the sum of both might leave the range of
// float64.
double median(std::vector<double>& values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>((values.size() - 1) / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// The median of the values that are not zero; 0 if all are zero.
double median_of_nonzero(std::vector<double>& values) {
  std::erase(values, 0.0);
  return values.empty() ? 0 : median(values);
}

std::vector<double> median_columns(NumberView data, const std::vector<std::size_t>& sample, std::size_t cols) {
  std::vector<double> center(cols), column(sample.size());
  for (std::size_t k = 0; k < cols; ++k) {
    for (std::size_t s = 0; s < sample.size(); ++s) column[s] = data.at(sample[s] * cols + k);
    center[k] = median(column);
  }
  return center;
}

double median_radius(NumberView data, const std::vector<std::size_t>& sample, const std::vector<double>& center) {
  const std::size_t cols = center.size();
  std::vector<double> radii;
  for (const std::size_t i : sample) {
    double radius = 0;
    for (std::size_t k = 0; k < cols; ++k) radius = std::max(radius, std::abs(data.at(i * cols + k) - center[k]));
    radii.push_back(radius);
  }
  return median_of_nonzero(radii);
}

}  // namespace

std::optional<RobustFrame> find_robust_frame(NumberView data, std::size_t rows, std::size_t cols) {
  if (rows == 0 || cols == 0) return {};
  const std::vector<std::size_t> sample = sample_rows(rows);
  RobustFrame frame;
  frame.center = median_columns(data, sample, cols);
  frame.typical = median_radius(data, sample, frame.center);
  // If the typical radius is beyond float64, so are the radii of most points. There are no typical points whose digits
  // could be kept.
  if (frame.typical == 0 || !std::isfinite(frame.typical)) return {};
  double farthest = 0;
  for (std::size_t i = 0, index = 0; i < rows; ++i) {
    for (std::size_t k = 0; k < cols; ++k, ++index) {
      const double radius = std::abs(data.at(index) - frame.center[k]);
      if (!(radius > farthest)) continue;
      farthest = radius;
      frame.farthest = {.row = i, .column = k, .value = data.at(index), .times = radius / frame.typical};
    }
  }
  if (!(frame.farthest.times > kFarPoint)) return {};
  return frame;
}

double typical_sigma(NumberView sigma, std::size_t rows, std::size_t cols) {
  if (rows == 0 || cols == 0) return 0;
  std::vector<double> values;
  for (const std::size_t i : sample_rows(rows)) {
    for (std::size_t k = 0; k < cols; ++k) values.push_back(sigma.at(i * cols + k));
  }
  return median_of_nonzero(values);
}

}  // namespace sigma
