#pragma once

#include <cstdint>
#include <span>

#include "../linalg/packed_matrix.hpp"
#include "../support/isa.hpp"

namespace sigma {

// The coordinates that a distance compares:
// - means: the packed means;
// - unit_rows: the directions of the rows, seen from the caller's origin;
// - centered_unit_rows: the same after the mean of its own coordinates was subtracted from each row;
// - means_and_deviations: the means, followed by the standard deviations in the same unit;
// - standardized: the means relative to their center, in units of the standard deviation between neighborhoods.
enum class Coordinates { means, unit_rows, centered_unit_rows, means_and_deviations, standardized };

// The numbers stored for each point in addition to its coordinates:
// - none: nothing;
// - half_floored_variances: sigma^2 + floor / 2 of each coordinate, so that the sum of two contains the floor once;
// - floored_variances: sigma^2 + floor of each coordinate;
// - reliabilities: for each coordinate the share B / (S + sigma^2), in [0, 1), of its variance that separates
// neighborhoods;
// - total: the sum of sigma^2 over the coordinates, which is added to each distance of the point;
// - floored_covariances: the lower triangular factor L of the covariance L L^T, row by row; the distance adds the floor
// to the diagonal of the sum of two covariances;
// - covariances: the same factor, for a distance without a floor.
enum class Spread {
  none,
  half_floored_variances,
  floored_variances,
  reliabilities,
  total,
  floored_covariances,
  covariances
};

struct DistanceTraits {
  Coordinates coordinates = Coordinates::means;
  Spread spread = Spread::none;
  // Whether this is the Euclidean distance, up to a factor and a constant, if sigma is the same for all points and
  // coordinates. Calibration removes both, so the affinities are then those of the Euclidean distance.
  bool is_plain_for_equal_sigma = false;
  // Whether the squared distance can be negative, in which case it has no square root.
  bool may_be_negative = false;
  // The time per coordinate in the exact search, relative to the Euclidean distance. With covariances, the time per
  // entry of a d x d matrix.
  double cost = 1;

  constexpr bool uses_sigma() const {
    return coordinates == Coordinates::means_and_deviations || spread != Spread::none;
  }
  constexpr bool has_variances() const {
    return spread == Spread::half_floored_variances || spread == Spread::floored_variances;
  }
  constexpr bool has_covariances() const {
    return spread == Spread::floored_covariances || spread == Spread::covariances;
  }
  constexpr bool has_floor() const { return has_variances() || spread == Spread::floored_covariances; }
  // Whether the distance uses one number per coordinate in addition to the mean.
  constexpr bool has_spreads() const { return has_variances() || spread == Spread::reliabilities; }
};

// Means and variances are packed in different units. A distance with separate terms for means and for sigma multiplies
// these terms by the weights. The larger weight is 1.
struct DistanceWeights {
  float means = 1, spread = 1;
  // For distances with covariances: A = covariance (L_i L_i^T + L_j L_j^T) + floor I.
  double covariance = 1, floor = 0;
};

// One block of 64 rows, column-major: `cols` x 64 means or coordinates derived from them. Depending on the traits it
// also has as many variances or reliabilities, 64 totals, or cols (cols + 1) / 2 x 64 numbers of covariance factors.
struct DistanceBlock {
  const float* means;
  const float* variances;
};

struct DistanceKernel {
  const char* name;
  DistanceTraits traits;
  // out[64 * i + j] = squared distance of row i of `rows` and row j of `columns`, over `cols` dimensions, at least for
  // the first `height` rows and `width` columns. Exchanging the two blocks gives the same bits.
  void (*tile)(DistanceBlock rows, DistanceBlock columns, std::size_t cols, DistanceWeights weights, std::size_t height,
               std::size_t width, float* out);
  // Finds the pairs of the same tile whose squared distance is at most the bound of its row or at most the bound of its
  // column. Writes each pair as 64 * i + j together with its squared distance, in any order, and returns the number of
  // pairs. The other distances are not written to memory, so that both blocks stay in the first-level cache.
  std::size_t (*find_near)(DistanceBlock rows, DistanceBlock columns, std::size_t cols, DistanceWeights weights,
                           std::size_t height, std::size_t width, const float* row_bounds, const float* column_bounds,
                           std::uint16_t* pairs, float* squared);
  // The squared distance of one pair, in float64; i and j count rows within their blocks.
  double (*pair)(DistanceBlock rows, std::size_t i, DistanceBlock columns, std::size_t j, std::size_t cols,
                 DistanceWeights weights);
};

struct Least {
  float value;
  std::uint32_t position;
};

struct DistanceKernels {
  std::span<const DistanceKernel> all;
  // The distances that use covariances, under the same names.
  std::span<const DistanceKernel> with_covariances;
  // The least of the first `width` numbers of a row of a tile and its position. Among equal numbers the first one
  // counts. Returns infinity and position 0 if no number is below infinity.
  Least (*find_least)(const float* row, std::size_t width);
  // Copies up to 64 rows of a row-major matrix into a block: block[64 * k + i] = column k of row rows[i].
  void (*gather)(const float* matrix, std::size_t stride, const std::uint32_t* rows, std::size_t count,
                 std::size_t cols, float* block);
  // out[i] = dot product of row rows[i] of such a matrix with `direction`. Both have `stride` numbers, a multiple of
  // 16.
  void (*project)(const float* matrix, std::size_t stride, const std::uint32_t* rows, std::size_t count,
                  const float* direction, float* out);
  // Returns a bound such that exactly k of the `count` numbers are at most the bound. If equal numbers make this
  // impossible, returns the k-th least number. k is at least 1; `count` is at least k and a multiple of 16.
  float (*find_bound)(const float* values, std::size_t count, std::size_t k);
};

SIGMA_DECLARE_KERNELS(DistanceKernels, distance_kernels)

// Scratch memory of the calling thread for `count` numbers, aligned for any vector. It is valid until the thread calls
// this function again.
double* borrow_covariance_scratch(std::size_t count);

}  // namespace sigma
