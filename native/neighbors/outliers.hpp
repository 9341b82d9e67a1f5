#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "gaussians.hpp"

namespace sigma {

// Center and scale of data in which some points lie far beyond the others. These points do not influence either of
// them.
struct RobustFrame {
  std::vector<double> center;  // per column, in the caller's units: the median
  double typical = 0;          // the median, over the points, of the largest difference from the center
  FarValue farthest;
};

// The frame of data whose farthest value is more than kFarPoint times as far from the center as a typical point. Empty
// for all other data, whose mean and largest difference serve as well. The medians are computed from up to 1024 points,
// drawn in equal shares from all parts of the data. The numbers must be finite.
constexpr double kFarPoint = 1e3;
std::optional<RobustFrame> find_robust_frame(NumberView data, std::size_t rows, std::size_t cols);

// The median of the nonzero standard deviations of the same sample; 0 if all are zero.
double typical_sigma(NumberView sigma, std::size_t rows, std::size_t cols);

}  // namespace sigma
