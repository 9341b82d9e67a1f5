#include "mesh_resampling.inl"
#include "mesh_splines.inl"
#include "mesh_transforms.inl"
#include "near_pairs.inl"

namespace sigma::SIGMA_ISA {

const MeshKernels& mesh_kernels() {
  static const MeshKernels table{
      .lanes = kLanes,
      .transform_columns = transform_columns,
      .convolve_rows = convolve_rows,
      .transform_rows = transform_rows,
      .restore_columns = restore_columns,
      .restrict_columns = restrict_columns,
      .restrict_row = restrict_row,
      .prolong_row = prolong_row,
      .prolong_columns = prolong_columns,
      .spread = spread,
      .interpolate = interpolate,
      .add_near_pairs = add_near_pairs,
  };
  return table;
}

}  // namespace sigma::SIGMA_ISA
