#pragma once

#include <cstdint>
#include <span>

#include "../linalg/packed_matrix.hpp"
#include "../support/isa.hpp"

namespace sigma {

// What a distance measures: the points as they are packed, or their directions from the caller's origin, or those of
// their deviations from the mean of their own coordinates.
enum class Preparation { none, unit_rows, centered_unit_rows };

// One block of 64 rows: `cols` x 64 means and, for distances that use sigma, as many variances, column-major.
struct DistanceBlock {
  const float* means;
  const float* variances;
};

struct DistanceKernel {
  const char* name;
  bool uses_sigma;
  Preparation preparation;
  // out[64 * i + j] = squared distance of row i of `rows` and row j of `columns`, over `cols` dimensions, at least for
  // the first `height` rows and `width` columns. The same bits with the two blocks exchanged.
  void (*tile)(DistanceBlock rows, DistanceBlock columns, std::size_t cols, std::size_t height, std::size_t width,
               float* out);
  // The same for one pair, in float64; i and j count rows within their blocks.
  double (*pair)(DistanceBlock rows, std::size_t i, DistanceBlock columns, std::size_t j, std::size_t cols);
};

struct DistanceKernels {
  std::span<const DistanceKernel> all;
  // Writes the places 64 * i + j, ascending, of those numbers of a tile that are not above both the bound of their row
  // and that of their column; returns how many. Looks at `height` rows of 64.
  std::size_t (*find_below)(const float* tile, std::size_t height, const float* row_bounds, const float* column_bounds,
                            std::uint16_t* places);
  // Brings up to 64 rows of a row-major matrix together: block[64 * k + i] = column k of row rows[i]. The stride is a
  // multiple of 16.
  void (*gather)(const float* matrix, std::size_t stride, const std::uint32_t* rows, std::size_t count,
                 std::size_t cols, float* block);
  // out[i] = row rows[i] of such a matrix times `direction`, both `stride` long.
  void (*project)(const float* matrix, std::size_t stride, const std::uint32_t* rows, std::size_t count,
                  const float* direction, float* out);
  // A bound that just k of `count` numbers >= 0 are not above, or, where equal ones allow none, the k-th least;
  // 1 <= k <= count, a multiple of 16.
  float (*find_bound)(const float* values, std::size_t count, std::size_t k);
};

SIGMA_DECLARE_KERNELS(DistanceKernels, distance_kernels)

}  // namespace sigma
