#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "../support/aligned.hpp"
#include "fourier.hpp"
#include "mesh_kernels.hpp"
#include "repulsion.hpp"
#include "sp_tree.hpp"

namespace sigma {

// Computes the repulsion in 2-D on a mesh. The force is -1/2 the gradient of one potential: w = (1 + d^2 /
// alpha)^-alpha convolved with unit charges. Charges are spread to the nodes with cardinal B-splines and convolved by
// one forward and one backward real Fourier transform. Potential and gradient are interpolated with the same splines.
// This is smooth particle-mesh Ewald (Essmann et al. 1995) with a different kernel, in open space. Z is the sum of the
// potential over the points minus their own contributions.
//
// Open space needs a mesh twice as long and wide as the embedding. For large embeddings w is therefore split, like the
// Coulomb potential in Ewald's method: w = w e^(-1/(w a^2)) + w (1 - e^(-1/(w a^2))). The first part vanishes within a
// few a, so its mesh only needs that much padding around the embedding. The second part is smooth over lengths of a, so
// its mesh, twice as long and wide as the embedding, can be coarse. The splines of coarse nodes are sums of fine
// splines. Charges and potential can therefore be transferred between the meshes without reading the points again.
//
// If few points are near each other, the first part is cheaper to sum over pairs than on a mesh, as in the
// particle-particle particle-mesh method (Hockney & Eastwood 1988, chapter 8). The remaining mesh can then be five
// times as coarse. Embeddings of up to some 20,000 points end this way.
//
// The mesh covers the embedding, so the cost is proportional to the area of the embedding in units of the spacing, plus
// a small cost per point. If the embedding is so wide that the mesh would be huge, Barnes-Hut is used instead.
class ParticleMesh final : public Repulsion {
 public:
  // `spacing` is the distance of the nodes in units of the embedding, in (0, 1]. It is reduced by a fifth if 50 points
  // or more follow each other at the same position: the errors of all their pairs have the same direction and add up,
  // and would be most of the error of the embedding. Below one degree of freedom, the width of w is the square root of
  // alpha, and the spacing is reduced by the same factor.
  ParticleMesh(double spacing, ThreadTeam& team, double degrees_of_freedom = 1);

  double compute(const float* positions, std::size_t n, float* forces) override;

  // Computes the potential of n positions within a box around them, for compute_at(). If the mesh would be huge,
  // computes nothing and returns false.
  bool charge(const float* positions, std::size_t n, const float low[2], const float high[2]);
  // The force on another point within the box. Returns the potential there, the sum of w. Can be called from any
  // thread.
  double compute_at(const float* position, float* force) const;

 private:
  enum class Part { whole, near, far, beyond_pairs };
  struct Kernel;
  // Nodes and the kernel for their convolution.
  struct Sheet {
    std::shared_ptr<const Kernel> kernel;
    MeshView view{};
    AlignedVector<float> nodes, real, imaginary;
  };
  struct Bounds {
    float low[2], high[2];
  };
  Bounds find_bounds(const float* positions, std::size_t n);
  // Computes the potential without its near part, and sorts the points for the near part. Returns false, and computes
  // nothing, if two meshes are faster or w has no near part.
  bool charge_for_pairs(const float* positions, std::size_t n, const Bounds& bounds);
  void spread_bands(const float* positions, std::size_t bands, std::size_t keys_per_band);
  double add_near_pairs(float* forces);
  // Whether many points are at the same position. The points must be sorted by position, as those of a run are.
  bool has_many_equal(const float* positions, std::size_t n);
  std::shared_ptr<const Kernel> kernel_for(std::size_t width, std::size_t height, double spacing, Part part);
  // Allocates nodes[0] x nodes[1] nodes along x and y, for a convolution with the periods `lengths`.
  void lay_out(Sheet& sheet, const std::size_t (&nodes)[2], const std::size_t (&lengths)[2], double spacing, Part part);
  void convolve(std::span<Sheet* const> sheets);
  void restrict_charges();
  void prolong_potential();
  // Sorts the points by a key below `keys`. Points with the same key keep their order.
  template <class KeyOf>
  void sort_by(std::size_t n, std::size_t keys, KeyOf&& key_of);

  double spacing_, degrees_of_freedom_;
  ThreadTeam& team_;
  SpTree<2> fallback_;
  std::vector<std::shared_ptr<const Kernel>> kernels_;  // the kernels used last, most recent first
  MeshCoordinates coordinates_{};
  Sheet fine_, coarse_;
  AlignedVector<float> wide_;
  std::vector<AlignedVector<float>> scratch_;
  std::vector<std::uint32_t> keys_, sorted_, starts_;
  AlignedVector<std::uint32_t> next_indices_;
  // One per chunk of points.
  std::vector<Bounds> bounds_;
  std::vector<unsigned> equal_;
  std::vector<double> potentials_;
  std::vector<std::array<double, 2>> force_sums_;
  NearCells near_{};
  AlignedVector<float> sorted_x_, sorted_y_;
  std::vector<AlignedVector<float>> near_lists_;  // one per thread
  std::vector<double> near_totals_;               // one per row of cells
};

}  // namespace sigma
