#pragma once

#include <cstdint>
#include <vector>

#include "../support/aligned.hpp"
#include "../support/isa.hpp"

namespace sigma {

// A cell of the tree with its points. Cells are stored in preorder: the first child of cell c is c + 1, and the next
// sibling of a cell is at its `end`.
template <int D>
struct Cell {
  float center[D];            // center of mass
  float low[D], high[D];      // tight bounds of its points
  float mass;                 // number of points
  float spread;               // sum of the points' squared distances from the center
  float width_squared;        // of the longest side of the bounds; 0 if the cell must count as one point
  std::uint32_t first, last;  // its points, in tree order
  std::uint32_t end;          // one past its last descendant
  bool is_leaf(std::uint32_t self) const { return end == self + 1; }
};

// The working memory of one thread for walks of the tree.
struct WalkScratch {
  AlignedVector<float> list[5];         // accepted cells and points: coordinates, mass, spread
  std::vector<std::uint32_t> frontier;  // cells that are not yet decided, as a stack of stretches
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
  // Computes the forces of the whole tree on the points of cell `root`: forces[d][point], one array per axis, in tree
  // order. Returns the sum of w over all pairs of these points with all points, including w = 1 of each point with
  // itself.
  double (*walk_1d)(const TreeView<1>&, std::uint32_t root, float* const* forces, WalkScratch&);
  double (*walk_2d)(const TreeView<2>&, std::uint32_t root, float* const* forces, WalkScratch&);
  double (*walk_3d)(const TreeView<3>&, std::uint32_t root, float* const* forces, WalkScratch&);
  // Computes the force on a point that is not in the tree. Returns the sum of w over the points of the tree.
  double (*field_1d)(const TreeView<1>&, const float* position, float* force, WalkScratch&);
  double (*field_2d)(const TreeView<2>&, const float* position, float* force, WalkScratch&);
  double (*field_3d)(const TreeView<3>&, const float* position, float* force, WalkScratch&);
  // Computes the same sums over all pairs, for the points from first to last. The list consists of D coordinate arrays,
  // masses and spreads, each padded with zeros to a multiple of 16.
  double (*all_pairs)(int output_dimensions, const float* const* list, std::size_t padded, const float* const* points,
                      std::size_t first, std::size_t last, float degrees_of_freedom, float* const* forces);
};

SIGMA_DECLARE_KERNELS(RepulsionKernels, repulsion_kernels)

}  // namespace sigma
