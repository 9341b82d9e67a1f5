#include "distances/table.hpp"

namespace sigma::SIGMA_ISA {

#include "distances/euclidean.inl"
#include "distances/inverse_variance.inl"

// Accumulators for kRows x kVectors vectors stay in registers: 32 of them with AVX-512, 16 otherwise.
template <class Distance>
struct TileShape {
  static constexpr int kVectors = kLanes == 16 && !Distance::uses_sigma ? 4 : 2;
  static constexpr int kRows = kLanes == 16 || !Distance::uses_sigma ? 4 : 2;
};

template <class Distance>
static void distance_tile(DistanceBlock rows, DistanceBlock columns, std::size_t cols, float* out) {
  constexpr int kBlock = static_cast<int>(PackedMatrix::kBlock);
  constexpr int kRows = TileShape<Distance>::kRows, kVectors = TileShape<Distance>::kVectors;
  for (int j = 0; j < kBlock; j += kVectors * kLanes) {
    for (int i = 0; i < kBlock; i += kRows) {
      typename Distance::template Sum<Floats> sums[kRows][kVectors] = {};
      for (std::size_t k = 0; k < cols; ++k) {
        const std::size_t at = k * kBlock;
        for (int v = 0; v < kVectors; ++v) {
          const Floats mean = load(columns.means + at + j + v * kLanes);
          Floats variance{};
          if constexpr (Distance::uses_sigma) variance = load(columns.variances + at + j + v * kLanes);
          for (int r = 0; r < kRows; ++r) {
            Floats own{};
            if constexpr (Distance::uses_sigma) own = splat(rows.variances[at + i + r]);
            Distance::add(sums[r][v], splat(rows.means[at + i + r]), mean, own, variance);
          }
        }
      }
      for (int r = 0; r < kRows; ++r) {
        for (int v = 0; v < kVectors; ++v) store(out + (i + r) * kBlock + j + v * kLanes, Distance::finish(sums[r][v]));
      }
    }
  }
}

template <class Distance>
static double distance_pair(DistanceBlock rows, std::size_t i, DistanceBlock columns, std::size_t j, std::size_t cols) {
  constexpr std::size_t kBlock = PackedMatrix::kBlock;
  typename Distance::template Sum<double> sums{};
  for (std::size_t k = 0; k < cols; ++k) {
    double own = 0, other = 0;
    if constexpr (Distance::uses_sigma) {
      own = rows.variances[k * kBlock + i];
      other = columns.variances[k * kBlock + j];
    }
    Distance::add(sums, static_cast<double>(rows.means[k * kBlock + i]),
                  static_cast<double>(columns.means[k * kBlock + j]), own, other);
  }
  return Distance::finish(sums);
}

static std::size_t collect_below(const float* squared, float bound, std::uint32_t first, Candidate* out) {
  std::size_t found = 0;
  for (std::uint32_t j = 0; j < PackedMatrix::kBlock; j += kLanes) {
    for (unsigned mask = below(load(squared + j), splat(bound)); mask != 0; mask &= mask - 1) {
      const std::uint32_t at = j + static_cast<std::uint32_t>(__builtin_ctz(mask));
      out[found++] = {squared[at], first + at};
    }
  }
  return found;
}

const DistanceKernels& distance_kernels() {
#define SIGMA_ROW(name, Type) {name, Type::uses_sigma, distance_tile<Type>, distance_pair<Type>},
  static const DistanceKernel all[] = {SIGMA_DISTANCES(SIGMA_ROW)};
#undef SIGMA_ROW
  static const DistanceKernels table{all, collect_below};
  return table;
}

}  // namespace sigma::SIGMA_ISA
