#pragma once

#include <cstdint>
#include <span>

#include "../linalg/packed_matrix.hpp"
#include "../support/isa.hpp"

namespace sigma {

// The coordinates that a distance compares: the means as they are packed; their directions from the caller's origin, or
// those of their deviations from the mean of their own coordinates; the means and, behind them, the standard
// deviations in the same unit; or the means relative to their center, in units of the standard deviation between
// neighborhoods.
enum class Coordinates { means, unit_rows, centered_unit_rows, means_and_deviations, standardized };

// What else is stored for each point: nothing; the variance of each coordinate, as sigma^2 + floor / 2, so that
// the sum of two has the floor once, or as sigma^2 + floor; the share B / (S + sigma^2) of each coordinate's variance
// that tells neighborhoods apart, in [0, 1); the sum of sigma^2 over the coordinates, which is added to each of the
// point's distances; or the lower triangular factor L of its covariance L L^T, row by row, of a distance that adds the
// floor to the diagonal of the sum of two covariances, or of one without a floor.
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
  // Whether, with one sigma for all points and coordinates, it is the Euclidean distance up to a factor and a constant.
  // Calibration sees neither, so that the affinities are those of the Euclidean distance.
  bool is_plain_for_equal_sigma = false;
  // Whether it can be below 0: it has no square root then.
  bool may_be_negative = false;
  // Time for a coordinate in the exact search, that of the Euclidean distance being 1. With covariances, the time for
  // an entry of a d x d matrix.
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
  // Whether it has a number of each coordinate beside its mean.
  constexpr bool has_spreads() const { return has_variances() || spread == Spread::reliabilities; }
};

// Means and variances are packed in units of their own. A distance that adds terms in the means to others in sigma
// alone weighs them by these, of which the larger is 1.
struct DistanceWeights {
  float means = 1, spread = 1;
  // Of distances with covariances: A = covariance (L_i L_i^T + L_j L_j^T) + floor I.
  double covariance = 1, floor = 0;
};

// One block of 64 rows, column-major: `cols` x 64 means or what is compared in their place and, as the traits say, as
// many variances or reliabilities, 64 totals, or cols (cols + 1) / 2 x 64 numbers of covariance factors.
struct DistanceBlock {
  const float* means;
  const float* variances;
};

struct DistanceKernel {
  const char* name;
  DistanceTraits traits;
  // out[64 * i + j] = squared distance of row i of `rows` and row j of `columns`, over `cols` dimensions, at least for
  // the first `height` rows and `width` columns. The same bits with the two blocks exchanged.
  void (*tile)(DistanceBlock rows, DistanceBlock columns, std::size_t cols, DistanceWeights weights, std::size_t height,
               std::size_t width, float* out);
  // Finds the pairs of the same tile whose squared distance is not above both bounds: that of its row and that of its
  // column. Writes each pair as 64 * i + j and its squared distance, in any order; returns how many. Nothing above the
  // bounds is written to memory, so that both blocks stay in the first-level cache.
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
  // Those that use covariances, by the same names.
  std::span<const DistanceKernel> with_covariances;
  // The least of the first `width` numbers of a row of a tile, and its position, the first of equal ones; infinity and
  // 0 if no number is below infinity.
  Least (*find_least)(const float* row, std::size_t width);
  // Brings up to 64 rows of a row-major matrix together: block[64 * k + i] = column k of row rows[i].
  void (*gather)(const float* matrix, std::size_t stride, const std::uint32_t* rows, std::size_t count,
                 std::size_t cols, float* block);
  // out[i] = row rows[i] of such a matrix times `direction`, both `stride` long, a multiple of 16.
  void (*project)(const float* matrix, std::size_t stride, const std::uint32_t* rows, std::size_t count,
                  const float* direction, float* out);
  // A bound that just k of `count` numbers are not above, or, where equal ones allow none, the k-th least;
  // 1 <= k <= count, a multiple of 16.
  float (*find_bound)(const float* values, std::size_t count, std::size_t k);
};

SIGMA_DECLARE_KERNELS(DistanceKernels, distance_kernels)

// Memory of the calling thread for `count` numbers, aligned for any vector, until the thread asks for it again.
double* borrow_covariance_scratch(std::size_t count);

}  // namespace sigma
