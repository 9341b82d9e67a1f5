#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <vector>

#include "run.hpp"

namespace sigma {
namespace {

void require(bool holds, const char* fact) {
  if (!holds) throw std::invalid_argument(fact);
}

bool all_finite(const float* numbers, std::size_t count, float most) {
  return std::all_of(numbers, numbers + count, [most](float x) { return std::abs(x) <= most; });
}

bool all_finite(const PackedMatrix& matrix, float least, float most) {
  for (std::size_t i = 0; i < matrix.rows(); ++i) {
    for (std::size_t k = 0; k < matrix.cols(); ++k) {
      if (!(matrix.at(i, k) >= least && matrix.at(i, k) <= most)) return false;
    }
  }
  return true;
}

void check(const CoordinateSpread& spread) {
  for (std::size_t k = 0; k < spread.center.size(); ++k) {
    const double s = spread.variance[k], b = spread.between[k];
    require(std::isfinite(spread.center[k]) && std::isfinite(s) && b >= 0 && b < s,
            "its coordinate spread is not valid");
  }
}

}  // namespace

void check(const RunState& state) {
  constexpr float kLargest = 1e30f;
  const std::size_t n = state.order.size();
  std::vector<bool> seen(n);
  for (const std::uint32_t point : state.order) {
    require(point < n && !seen[point], "its order is not a permutation");
    seen[point] = true;
  }
  const Gaussians& points = state.points;
  require(all_finite(points.means, -kLargest, kLargest), "the coordinates of its points are too large or not finite");
  require(all_finite(points.deviations, 0, 1), "its standard deviations are not between 0 and 1");
  require(all_finite(points.factors, -1.001f, 1.001f), "its covariance factors are not between -1 and 1");
  require(std::isfinite(points.scale) && points.scale > 0, "its scale is not positive");
  require(points.sigma_scale > 0 && points.sigma_scale <= kLargestSigma,
          "its sigma scale is not positive or too large");
  require(std::isfinite(points.variance_floor) && points.variance_floor >= 0,
          "its variance floor is negative or not finite");
  if (points.coordinate_spread) check(*points.coordinate_spread);
  require(std::all_of(state.frame.center.begin(), state.frame.center.end(), [](double x) { return std::isfinite(x); }),
          "its center is not finite");
  require(all_finite(state.frame.axes.data(), state.frame.axes.size(), kLargest),
          "its principal components are too large or not finite");
  require(all_finite(state.positions.data(), state.positions.size(), kLargestPosition),
          "its embedding is too large or not finite");
  const OptimizerState& optimizer = state.optimizer;
  require(all_finite(optimizer.velocity.data(), optimizer.velocity.size(), kLargest),
          "its velocities are too large or not finite");
  require(all_finite(optimizer.gains.data(), optimizer.gains.size(), kLargest),
          "its gains are too large or not finite");
  require(optimizer.mean_curvature > 0 && optimizer.mean_curvature <= 1, "its mean curvature is not between 0 and 1");
  for (const auto& kl : {state.kl.before, state.kl.now}) {
    require(!kl || std::isfinite(*kl), "its KL divergence is not finite");
  }
  require(state.kl.now || !state.kl.before, "it has a previous KL divergence but no last one");
}

}  // namespace sigma
