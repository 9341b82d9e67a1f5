#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "../support/threads.hpp"
#include "particle_mesh.hpp"
#include "sp_tree.hpp"

namespace sigma {

// The repulsion that n fixed positions exert on another point within a box around them: in 2-D, for
// many positions, read off a mesh that is charged once; else by a walk of a tree that is grown once. The force at a
// position depends on nothing but the position.
class Field {
 public:
  virtual ~Field() = default;
  // force = sum_j w_j^2 (y - y_j); returns Z = sum_j w_j. From any thread, with a scratch of its own.
  virtual double at(const float* y, float* force, WalkScratch& scratch) const = 0;
};

// `positions` is n x stride_of(output_dimensions), `low` and `high` the box. `spacing` is that of the mesh, `theta` the
// accuracy of the tree. The team must outlive it.
std::unique_ptr<Field> make_field(int output_dimensions, const float* positions, std::size_t n, const float* low,
                                  const float* high, double spacing, double theta, ThreadTeam& team);

}  // namespace sigma
