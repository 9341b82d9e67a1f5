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

// Repulsion in 2-D on a mesh. The force is -1/2 the gradient of one potential, w = (1 + d^2 / alpha)^-alpha convolved
// with unit charges, so charges are spread with cardinal B-splines, convolved by one real transform forwards and one
// back, and potential and gradient are read through the same splines: smooth particle-mesh Ewald (Essmann et al. 1995)
// with another kernel, in open space. Z is the sum of the potential over the points less their own share.
//
// Open space takes a mesh twice as long and wide as the embedding. On large embeddings w is therefore parted as Ewald
// parts the Coulomb potential, w = w e^(-1/(w a^2)) + w (1 - e^(-1/(w a^2))): the first part ends within a few a, so
// its mesh needs no more than that beyond the embedding, and the second is smooth over lengths of a, so its mesh, twice
// as long and wide, is coarse. The splines of coarse nodes are sums of fine ones, so charges go from mesh to mesh, and
// the potential back, without looking at points again.
//
// The mesh follows the embedding, so the cost is that of its area in units of the spacing, plus a little for each
// point. An embedding so wide that the mesh would be huge is left to Barnes-Hut.
class ParticleMesh final : public Repulsion {
 public:
  // `spacing` of the nodes, in units of the embedding; (0, 1]. A fifth less where 50 points or more follow each other
  // on one spot: there the errors of all pairs have one direction and add up, and would be most of the error of the
  // embedding. Below one degree of freedom w is as narrow as the root of alpha, and the nodes stand as much closer.
  ParticleMesh(double spacing, ThreadTeam& team, double degrees_of_freedom = 1);

  double compute(const float* positions, std::size_t n, float* forces) override;

  // Makes the potential of n positions within a box around them, for compute_at(); false, and nothing made, where the
  // mesh would be huge.
  bool charge(const float* positions, std::size_t n, const float low[2], const float high[2]);
  // Force on another point within the box; returns the potential there, the sum of w. From any thread.
  double compute_at(const float* position, float* force) const;

 private:
  enum class Part { whole, near, far };
  struct Kernel;
  // Nodes, and what convolves them.
  struct Sheet {
    std::shared_ptr<const Kernel> kernel;
    MeshView view{};
    AlignedVector<float> nodes, real, imaginary;
  };
  struct Bounds {
    float low[2], high[2];
  };
  Bounds find_bounds(const float* positions, std::size_t n);
  // Whether many points lie on one spot. Points must be sorted by position, as a run keeps them.
  bool has_many_equal(const float* positions, std::size_t n);
  std::shared_ptr<const Kernel> kernel_for(std::size_t width, std::size_t height, double spacing, Part part);
  // Allocates `nodes` nodes along x and y, which are convolved with the period of the lengths.
  void lay_out(Sheet& sheet, const std::size_t (&nodes)[2], const std::size_t (&lengths)[2], double spacing, Part part);
  void convolve(std::span<Sheet* const> sheets);
  void restrict_charges();
  void prolong_potential();
  void bin(const float* positions, std::size_t n, float origin, float per_unit, std::size_t bands);

  double spacing_, degrees_of_freedom_;
  ThreadTeam& team_;
  SpTree<2> fallback_;
  std::vector<std::shared_ptr<const Kernel>> kernels_;  // the last ones used, most recent first
  MeshCoordinates coordinates_{};
  Sheet fine_, coarse_;
  AlignedVector<float> wide_;
  std::vector<AlignedVector<float>> scratch_;
  std::vector<std::uint32_t> bands_, binned_, bin_starts_;
  AlignedVector<std::uint32_t> bin_indices_;
  // By chunk of points.
  std::vector<Bounds> bounds_;
  std::vector<unsigned> equal_;
  std::vector<double> potentials_;
  std::vector<std::array<double, 2>> force_sums_;
};

}  // namespace sigma
