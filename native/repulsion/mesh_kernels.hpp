#pragma once

#include <cstddef>
#include <cstdint>

#include "../support/isa.hpp"
#include "fourier.hpp"

namespace sigma {

// Order of the cardinal B-splines that spread the charges: a charge touches this many nodes along each axis. Eight
// nodes fill one vector. A lower order would need a finer mesh for the same error.
constexpr int kSplineOrder = 8;

// The nodes of a coarse mesh are kCoarser times as far apart as those of the fine mesh. Coarse splines are sums of fine
// splines: M_p(v) = sum_j c_j M_p(kCoarser v - j), with kRefinement coefficients.
constexpr std::size_t kCoarser = 5;
constexpr std::size_t kRefinement = (kCoarser - 1) * kSplineOrder + 1;
// The number of coarse nodes that contribute to `nodes` fine nodes. Fine node f is the sum of coarse nodes J with the
// coefficients c_j, where j = f + kRefinement - 1 - kCoarser J.
constexpr std::size_t count_coarse(std::size_t nodes) {
  return (nodes + kRefinement - 2) / kCoarser + 1;
}

// A real field of `rows` x `columns` nodes, and half of its transform. Rows are `stride` numbers apart; the numbers
// behind the last column are zero. The transform has, for each column x, the frequencies 0 to column_plan->length / 2
// along y. `frequencies` is the number of frequencies, rounded up to whole vectors.
struct MeshView {
  const FourierPlan* row_plan;     // along x
  const FourierPlan* column_plan;  // along y
  std::size_t rows, columns, stride;
  float* nodes;
  std::size_t frequencies;
  float *real, *imaginary;  // columns x frequencies
};

// The transformation of positions to mesh coordinates: u = (y - origin) * nodes_per_unit.
struct MeshCoordinates {
  float origin[2];
  float nodes_per_unit;
};

// Points in the order of their cells: those from `first` to `last`.
struct Stretch {
  std::size_t first, last;
};

// The points of row `row` of cells in column `column` and in the columns beside it. `starts` is that of NearCells.
inline Stretch stretch_around(const std::uint32_t* starts, std::size_t columns, std::size_t row, std::size_t column) {
  const std::size_t left = column > 0 ? column - 1 : 0, right = column + 2 < columns ? column + 2 : columns;
  return {starts[row * columns + left], starts[row * columns + right]};
}

// Points sorted by square cells, row by row. The points of cell (row, column) are those from starts[row * columns +
// column] to the next entry.
struct NearCells {
  const float *x, *y;
  const std::uint32_t* points;  // the index of each point before sorting
  const std::uint32_t* starts;  // rows * columns + 1
  std::size_t rows, columns;
  std::size_t longest_list;  // the most points in 3 x 3 cells, and a vector's length more
  float decay;               // 1 / a^2
};

struct MeshKernels {
  // The number of floats per vector. Columns are processed in stretches of twice this number, frequencies in stretches
  // of this number.
  std::size_t lanes;
  // Transforms 2 * lanes columns along y, starting at `column`.
  void (*transform_columns)(const MeshView&, std::size_t column, float* scratch);
  // Transforms `lanes` frequencies along x, starting at `frequency`, multiplies them by the real factors
  // (row_plan->length x lanes, in the plan's order), and transforms them back.
  void (*convolve_rows)(const MeshView&, std::size_t frequency, const float* factors, float* scratch);
  // Transforms along x and writes the real parts to `out`, row_plan->length x lanes, in the plan's order.
  void (*transform_rows)(const MeshView&, std::size_t frequency, float* out, float* scratch);
  // The inverse of transform_columns.
  void (*restore_columns)(const MeshView&, std::size_t column, float* scratch);
  // Computes the charges of the coarse nodes from those of the fine nodes in two passes. The first pass sums along y: 4
  // * lanes fine columns, starting at `column`, into rows that are `stride` >= wide_stride(fine) apart. The second pass
  // sums one such row along x.
  void (*restrict_columns)(const MeshView& fine, std::size_t column, std::size_t coarse_rows, float* wide,
                           std::size_t stride);
  void (*restrict_row)(const MeshView& fine, float* wide, const MeshView& coarse, std::size_t row);
  // The reverse direction: computes the potential of a coarse row at the positions of the fine columns, and adds the
  // contributions of these rows to fine row `row`.
  void (*prolong_row)(const MeshView& coarse, std::size_t row, const MeshView& fine, float* wide);
  void (*prolong_columns)(const MeshView& fine, std::size_t row, const float* wide, std::size_t stride);
  // Adds unit charges at the positions of the listed points (positions: n x 2) to the nodes.
  void (*spread)(const MeshView&, const MeshCoordinates&, const float* positions, const std::uint32_t* points,
                 std::size_t count);
  // Computes the potential and its gradient at the listed points: forces (n x 2) = -gradient / 2. Returns the sum of
  // the potentials.
  double (*interpolate)(const MeshView&, const MeshCoordinates&, const float* positions, const std::uint32_t* points,
                        std::size_t count, float* forces);
  // Adds the near part of w between the points of one row of cells and all points in neighboring cells: to `forces` (n
  // x 2, in the order before sorting). `list` has room for 2 * longest_list numbers. Returns the sum of the near part,
  // including that of each point with itself.
  double (*add_near_pairs)(const NearCells&, std::size_t row, float* list, float* forces);
};

SIGMA_DECLARE_KERNELS(MeshKernels, mesh_kernels)

// Floats between the rows of sums along y: the fine columns, the splines beyond their ends, and padding for whole
// vectors.
inline std::size_t wide_stride(const MeshView& fine) {
  return fine.stride + 2 * kRefinement + kCoarser * 16;
}

// The number of floats of scratch memory that a transform of this length needs.
inline std::size_t mesh_scratch(std::size_t length) {
  return 2 * 16 * length + 2 * 16 * 16;
}

}  // namespace sigma
