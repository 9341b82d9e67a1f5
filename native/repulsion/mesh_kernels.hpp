#pragma once

#include <cstddef>
#include <cstdint>

#include "../support/isa.hpp"
#include "fourier.hpp"

namespace sigma {

// Order of the cardinal B-splines that spread the charges: a charge touches this many nodes along each axis. Eight are
// one vector, and let the mesh be coarser than fewer would for the same error.
constexpr int kSplineOrder = 8;

// Nodes of a coarse mesh are kCoarser times as far apart as those of the fine one; their splines are sums of fine
// ones: M_p(v) = sum_j c_j M_p(kCoarser v - j), with this many coefficients.
constexpr std::size_t kCoarser = 5;
constexpr std::size_t kRefinement = (kCoarser - 1) * kSplineOrder + 1;
// Coarse nodes that have a share in `nodes` fine ones: fine node f is made of coarse nodes J with the coefficients
// c_j of j = f + kRefinement - 1 - kCoarser J.
constexpr std::size_t count_coarse(std::size_t nodes) {
  return (nodes + kRefinement - 2) / kCoarser + 1;
}

// A real field of `rows` x `columns` nodes, each row `stride` long, the values beyond it zero; and half its transform:
// for each column x the frequencies 0 to rows_plan->length / 2 along y, `frequencies` long with space to fill the last
// vector.
struct MeshView {
  const FourierPlan* row_plan;     // along x
  const FourierPlan* column_plan;  // along y
  std::size_t rows, columns, stride;
  float* nodes;
  std::size_t frequencies;
  float *real, *imaginary;  // columns x frequencies
};

// How positions become coordinates of the mesh: u = (y - origin) * nodes_per_unit.
struct MeshCoordinates {
  float origin[2];
  float nodes_per_unit;
};

struct MeshKernels {
  // Floats to a vector, by which stretches of columns (twice that) and of frequencies are cut.
  std::size_t lanes;
  // Transforms 2 * lanes columns from `column` on along y.
  void (*transform_columns)(const MeshView&, std::size_t column, float* scratch);
  // Transforms `lanes` frequencies from `frequency` on along x, multiplies them with the real factors (row_plan->length
  // x lanes, in the plan's order), and transforms back.
  void (*convolve_rows)(const MeshView&, std::size_t frequency, const float* factors, float* scratch);
  // Transforms along x and leaves the real parts in `out`, row_plan->length x lanes, in the plan's order.
  void (*transform_rows)(const MeshView&, std::size_t frequency, float* out, float* scratch);
  // Inverse of transform_columns.
  void (*restore_columns)(const MeshView&, std::size_t column, float* scratch);
  // Charges of the coarse nodes from those of the fine ones, in two passes: first along y, 4 * lanes fine columns from
  // `column` on, into rows `stride` >= wide_stride(fine) apart; then along x, one such row.
  void (*restrict_columns)(const MeshView& fine, std::size_t column, std::size_t coarse_rows, float* wide,
                           std::size_t stride);
  void (*restrict_row)(const MeshView& fine, float* wide, const MeshView& coarse, std::size_t row);
  // The way back: the potential of a coarse row at the positions of fine columns, and what such rows add to fine row
  // `row`.
  void (*prolong_row)(const MeshView& coarse, std::size_t row, const MeshView& fine, float* wide);
  void (*prolong_columns)(const MeshView& fine, std::size_t row, const float* wide, std::size_t stride);
  // Adds unit charges at the positions of some points (n x 2, by index) to the nodes.
  void (*spread)(const MeshView&, const MeshCoordinates&, const float* positions, const std::uint32_t* points,
                 std::size_t count);
  // Potential and its gradient at some points: forces (n x 2) = -gradient / 2. Returns the sum of the potential.
  double (*interpolate)(const MeshView&, const MeshCoordinates&, const float* positions, const std::uint32_t* points,
                        std::size_t count, float* forces);
};

SIGMA_DECLARE_KERNELS(MeshKernels, mesh_kernels)

// Floats from row to row of sums along y: fine columns, the splines beyond their ends, and space for whole vectors.
inline std::size_t wide_stride(const MeshView& fine) {
  return fine.stride + 2 * kRefinement + kCoarser * 16;
}

// Floats of scratch memory that a transform of this length needs.
inline std::size_t mesh_scratch(std::size_t length) {
  return 2 * 16 * length + 2 * 16 * 16;
}

}  // namespace sigma
