#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "distance_kernels.hpp"
#include "gaussians.hpp"

namespace sigma {

// A squared distance between points, chosen by name. The object keeps a reference to the points, which must outlive it.
class Distance {
 public:
  // Prepares the points for the distance. Throws std::invalid_argument for an unknown name, or if the points lack the
  // sigma, the variance floor or the coordinate spread that the distance needs.
  Distance(std::string_view name, const Gaussians& points) : Distance(name, points, points.variance_floor) {}
  // Prepares the points with a variance floor other than their own.
  Distance(std::string_view name, const Gaussians& points, double variance_floor);
  // The distance `like` for new points, which are prepared in the same way, so that blocks of both sets of points can
  // be compared. The preparation of a point does not depend on the other new points. The new points must lie in the
  // frame of the points of `like`.
  Distance(const Distance& like, const Gaussians& points);

  std::size_t count() const { return points_->count(); }
  const DistanceTraits& traits() const { return kernel_->traits; }
  DistanceWeights weights() const { return weights_; }
  // The compared numbers: the means of the points or coordinates derived from them. The spread in the traits adds
  // variances, totals or covariance factors; their pointers are nullptr if the distance does not use them.
  const PackedMatrix& means() const {
    return traits().coordinates == Coordinates::means ? points_->means : coordinates_;
  }
  const PackedMatrix* variances() const {
    if (traits().spread == Spread::none) return nullptr;
    return traits().has_covariances() ? &points_->factors : &spread_;
  }
  // The time to compare one pair of points. The unit is the time per coordinate for the Euclidean distance.
  double cost() const {
    const auto cols = static_cast<double>(means().cols());
    return traits().cost * cols * (traits().has_covariances() ? cols : 1);
  }

  std::size_t blocks() const { return means().blocks(); }
  DistanceBlock block(std::size_t b) const {
    return {means().block(b), variances() != nullptr ? variances()->block(b) : nullptr};
  }

  // out[64 * i + j] = squared distance of row i of one block and row j of the other, at least for i < height and j <
  // width. Exchanging the blocks gives the same bits.
  void tile(DistanceBlock rows, DistanceBlock columns, std::size_t height, std::size_t width, float* out) const {
    kernel_->tile(rows, columns, means().cols(), weights_, height, width, out);
  }

  // Finds the pairs of such a tile that are within the bound of their row or of their column; see DistanceKernel.
  std::size_t find_near(DistanceBlock rows, DistanceBlock columns, std::size_t height, std::size_t width,
                        const float* row_bounds, const float* column_bounds, std::uint16_t* pairs,
                        float* squared) const {
    return kernel_->find_near(rows, columns, means().cols(), weights_, height, width, row_bounds, column_bounds, pairs,
                              squared);
  }

  // Squared distance of points i and j, in float64. It equals the number in a tile up to a constant factor of the
  // formula and, for the expected distance, up to a constant summand.
  double squared(std::size_t i, std::size_t j) const {
    constexpr std::size_t kBlock = PackedMatrix::kBlock;
    return kernel_->pair(block(i / kBlock), i % kBlock, block(j / kBlock), j % kBlock, means().cols(), weights_);
  }

 private:
  const DistanceKernel* kernel_;
  const Gaussians* points_;
  // The values from all points that the preparation of each point uses: the mean, the unit and the columns of the
  // compared coordinates.
  struct Preparation {
    std::vector<double> center;
    double unit = 1;
    std::size_t columns = 0;
    double variance_floor = 0;  // in the units of the variances to which it is added
    std::optional<CoordinateSpread> spread;
  };
  void prepare();

  DistanceWeights weights_;
  Preparation preparation_;
  PackedMatrix coordinates_, spread_;
};

// Every distance, in the order of the table.
std::span<const DistanceKernel> all_distances();

// Whether this distance can compare points with covariances: it must either use them or ignore sigma.
bool uses_covariances(std::string_view name);

// The properties of a distance. Throws std::invalid_argument for an unknown name.
const DistanceTraits& traits_of(std::string_view name);

// The cheapest distance that gives these points the same affinities as the named one: the Euclidean distance if sigma
// makes no difference, otherwise the named distance itself.
std::string_view simplest_distance(std::string_view name, const Gaussians& points);

}  // namespace sigma
