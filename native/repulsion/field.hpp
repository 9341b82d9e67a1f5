#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "../support/threads.hpp"
#include "particle_mesh.hpp"
#include "sp_tree.hpp"

namespace sigma {

// The repulsion that n fixed positions exert on another point within a box around them. In 2-D with many positions, it
// is interpolated from a mesh that is computed once. Otherwise it is summed by walking a tree that is built once. The
// force at a position depends only on the position.
class Field {
 public:
  virtual ~Field() = default;
  // force = sum_j w_j^2 (y - y_j); returns Z = sum_j w_j. Can be called from any thread, each with its own scratch
  // memory.
  virtual double at(const float* y, float* force, WalkScratch& scratch) const = 0;
};

// `positions` is n x stride_of(output_dimensions), `low` and `high` are the corners of the box. `spacing` is that of
// the mesh, `theta` the accuracy of the tree. The team must outlive the field.
std::unique_ptr<Field> make_field(int output_dimensions, const float* positions, std::size_t n, const float* low,
                                  const float* high, double spacing, double theta, ThreadTeam& team);

}  // namespace sigma
