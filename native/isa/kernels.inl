// All kernels, for the instruction set that the including file has chosen. Their vector types come first.
#include "../support/simd.hpp"

#include "../embedding/gradient_descent_kernels.inl"
#include "../embedding/placement_kernels.inl"
#include "../linalg/matrix_kernels.inl"
#include "../neighbors/distance_kernels.inl"
#include "../network/network_kernels.inl"
#include "../quality/quality_kernels.inl"
#include "../repulsion/mesh_kernels.inl"
#include "../repulsion/repulsion_kernels.inl"
