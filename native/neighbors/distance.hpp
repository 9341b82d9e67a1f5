#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "distance_kernels.hpp"
#include "gaussians.hpp"

namespace sigma {

// A squared distance between points, by name. It refers to the points and must not outlive them.
class Distance {
 public:
  // Prepares the points for the distance. Throws std::invalid_argument for an unknown name, or if the points lack the
  // sigma, the variance floor or the coordinate spread that the distance needs.
  Distance(std::string_view name, const Gaussians& points) : Distance(name, points, points.variance_floor) {}
  // The same with another variance floor than that of the points.
  Distance(std::string_view name, const Gaussians& points, double variance_floor);
  // The same distance of other points, prepared as those of `like` are, so that blocks of both can be compared. Each
  // point is prepared by itself, whatever the others are. They lie in the frame of like's points.
  Distance(const Distance& like, const Gaussians& points);

  std::size_t count() const { return points_->count(); }
  const DistanceTraits& traits() const { return kernel_->traits; }
  DistanceWeights weights() const { return weights_; }
  // What is compared: the points' means, or what was prepared from them; and the variances, totals or covariance
  // factors of the traits' spread, or nullptr.
  const PackedMatrix& means() const {
    return traits().coordinates == Coordinates::means ? points_->means : coordinates_;
  }
  const PackedMatrix* variances() const {
    if (traits().spread == Spread::none) return nullptr;
    return traits().has_covariances() ? &points_->factors : &spread_;
  }
  // Time for a pair of points, that for a coordinate of the Euclidean distance being 1.
  double cost() const {
    const auto cols = static_cast<double>(means().cols());
    return traits().cost * cols * (traits().has_covariances() ? cols : 1);
  }

  std::size_t blocks() const { return means().blocks(); }
  DistanceBlock block(std::size_t b) const {
    return {means().block(b), variances() != nullptr ? variances()->block(b) : nullptr};
  }

  // out[64 * i + j] = squared distance of row i of one block and row j of the other, at least for i < height and
  // j < width; the same bits with the blocks exchanged.
  void tile(DistanceBlock rows, DistanceBlock columns, std::size_t height, std::size_t width, float* out) const {
    kernel_->tile(rows, columns, means().cols(), weights_, height, width, out);
  }

  // The pairs of such a tile that are not above both bounds; see DistanceKernel.
  std::size_t find_near(DistanceBlock rows, DistanceBlock columns, std::size_t height, std::size_t width,
                        const float* row_bounds, const float* column_bounds, std::uint16_t* pairs,
                        float* squared) const {
    return kernel_->find_near(rows, columns, means().cols(), weights_, height, width, row_bounds, column_bounds, pairs,
                              squared);
  }

  // Squared distance of points i and j, in float64: like a tile's, up to a factor of the formula's, and for the
  // expected distance up to a constant.
  double squared(std::size_t i, std::size_t j) const {
    constexpr std::size_t kBlock = PackedMatrix::kBlock;
    return kernel_->pair(block(i / kBlock), i % kBlock, block(j / kBlock), j % kBlock, means().cols(), weights_);
  }

 private:
  const DistanceKernel* kernel_;
  const Gaussians* points_;
  // What of all points enters the preparation of each: the mean of what is compared, its unit and columns.
  struct Preparation {
    std::vector<double> center;
    double unit = 1;
    std::size_t columns = 0;
    double variance_floor = 0;  // as it is added to each variance
    std::optional<CoordinateSpread> spread;
  };
  void prepare();

  DistanceWeights weights_;
  Preparation preparation_;
  PackedMatrix coordinates_, spread_;
};

// All distances.
std::span<const DistanceKernel> all_distances();

// Whether points that have covariances can be compared by a distance: it uses them, or it ignores sigma.
bool uses_covariances(std::string_view name);

// What is known of a distance. Throws std::invalid_argument for an unknown name.
const DistanceTraits& traits_of(std::string_view name);

// The distance that gives these points the same affinities for the least work: the Euclidean one where sigma makes no
// difference, else the one named.
std::string_view simplest_distance(std::string_view name, const Gaussians& points);

}  // namespace sigma
