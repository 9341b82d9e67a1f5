#pragma once

#include <cstdint>
#include <vector>

#include "../support/aligned.hpp"
#include "morton.hpp"
#include "repulsion.hpp"
#include "repulsion_kernels.hpp"

namespace sigma {

// Barnes-Hut repulsion (Barnes & Hut 1986; van der Maaten 2014) with a tree in D dimensions. Points are sorted along
// the Morton curve, and the cells follow from their keys. A cell counts as one point at its center of mass for a group
// of points if its width is at most theta times its distance from the bounds of the group. The width is that of the
// tight bounds of the points in the cell. The distance is that of the nearest position in the group, so the criterion
// holds for every single point.
template <int D>
class SpTree final : public Repulsion {
 public:
  SpTree(double theta, ThreadTeam& team, double degrees_of_freedom = 1);

  double compute(const float* positions, std::size_t n, float* forces) override;

  // Builds the tree of n positions, for compute_at().
  void grow(const float* positions, std::size_t n);
  // The force of the tree's points on another point with D coordinates; returns the sum of w. Can be called from any
  // thread, each with its own scratch memory.
  double compute_at(const float* position, float* force, WalkScratch& scratch) const;

 private:
  TreeView<D> view() const;
  void build(std::uint32_t first, std::uint32_t last, int level);
  void split_beyond_keys(std::uint32_t cell);
  void close_leaf(std::uint32_t cell);
  void close_branch(std::uint32_t cell);

  float theta_squared_, degrees_of_freedom_;
  ThreadTeam& team_;
  MortonCurve<D> curve_;
  std::vector<std::uint32_t> order_;
  AlignedVector<float> points_[D], forces_[D];
  std::vector<Cell<D>> cells_;
  std::vector<std::uint32_t> tasks_;
  std::vector<double> sums_;
  std::vector<WalkScratch> scratch_;
};

}  // namespace sigma
