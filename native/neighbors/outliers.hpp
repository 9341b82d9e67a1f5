#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "gaussians.hpp"

namespace sigma {

// Center and scale of data that hold points far beyond the others, measured so that these points do not change them.
struct RobustFrame {
  std::vector<double> center;  // per column, in the caller's units: the median
  double typical = 0;          // the median, over the points, of the largest difference from the center
  FarValue farthest;
};

// The frame of data whose farthest value is more than kFarPoint times as far from the center as a typical point;
// nothing for all other data, whose mean and largest difference are as good. Medians are those of up to 1024 points,
// drawn in equal parts from all of the data. The numbers must be finite.
constexpr double kFarPoint = 1e3;
std::optional<RobustFrame> find_robust_frame(NumberView data, std::size_t rows, std::size_t cols);

// The median of those standard deviations that are not zero, of the same sample; 0 if all are zero.
double typical_sigma(NumberView sigma, std::size_t rows, std::size_t cols);

}  // namespace sigma
