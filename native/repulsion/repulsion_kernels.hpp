#pragma once

#include <cstdint>
#include <vector>

#include "../support/aligned.hpp"
#include "../support/isa.hpp"

namespace sigma {

// A cell of the tree with its points. Cells stand in preorder: the first child of cell c is c + 1, the next sibling of
// a cell is its `end`.
template <int D>
struct Cell {
  float center[D];            // of mass
  float low[D], high[D];      // tight bounds of its points
  float mass;                 // number of points
  float spread;               // sum of the points' squared distances from the center
  float width_squared;        // of the longest side of the bounds; 0 where the cell must count as one point
  std::uint32_t first, last;  // its points, in tree order
  std::uint32_t end;          // one past its last descendant
  bool is_leaf(std::uint32_t self) const { return end == self + 1; }
};

// What one thread needs to walk the tree.
struct WalkScratch {
  AlignedVector<float> list[5];         // accepted cells and points: coordinates, mass, spread
  std::vector<std::uint32_t> frontier;  // cells not yet decided, a stack of stretches
  std::vector<std::uint32_t> pending;
};

template <int D>
struct TreeView {
  const Cell<D>* cells;
  const float* points[D];  // coordinates in tree order
  float theta_squared;
  float degrees_of_freedom;
};

struct RepulsionKernels {
  // Forces on the points of the cells below `root` (a cell), from the whole tree, in tree order, component by
  // component: forces[d][point]. Returns the sum of w over these points and all others, each point's own 1 included.
  double (*walk_1d)(const TreeView<1>&, std::uint32_t root, float* const* forces, WalkScratch&);
  double (*walk_2d)(const TreeView<2>&, std::uint32_t root, float* const* forces, WalkScratch&);
  double (*walk_3d)(const TreeView<3>&, std::uint32_t root, float* const* forces, WalkScratch&);
  // Force on a point that is not in the tree. Returns the sum of w over the tree's points.
  double (*field_1d)(const TreeView<1>&, const float* position, float* force, WalkScratch&);
  double (*field_2d)(const TreeView<2>&, const float* position, float* force, WalkScratch&);
  double (*field_3d)(const TreeView<3>&, const float* position, float* force, WalkScratch&);
  // The same sums over all pairs, for the points first to last of n. The list has D coordinate arrays, masses and
  // spreads, each padded with zeros to a multiple of 16.
  double (*all_pairs)(int output_dimensions, const float* const* list, std::size_t padded, const float* const* points,
                      std::size_t first, std::size_t last, float degrees_of_freedom, float* const* forces);
};

SIGMA_DECLARE_KERNELS(RepulsionKernels, repulsion_kernels)

}  // namespace sigma
