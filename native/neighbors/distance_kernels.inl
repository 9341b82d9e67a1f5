namespace sigma::SIGMA_ISA {

#include "covariance_kernels.inl"
#include "distances/table.inl"

// The accumulators for kRows x kVectors vectors stay in registers: 32 of them with AVX-512, otherwise 16. They are
// enough to hide the latency of an addition.
template <class Distance>
struct TileShape {
  static constexpr int kVectors = 2;
  static constexpr int kAccumulators = sizeof(typename Distance::template Sum<Floats>) / sizeof(Floats);
  static constexpr int kRows = (kLanes == 16 ? 8 : 4) / kAccumulators;
};

// Computes the tile of two blocks in pieces of kRows rows and kVectors vectors of columns, and passes each piece to
// take(i, j, squared) with its first row and column.
template <class Distance, class Take>
SIGMA_INLINE void compute_pieces(DistanceBlock rows, DistanceBlock columns, std::size_t cols, DistanceWeights weights,
                                 std::size_t height, std::size_t width, Take&& take) {
  constexpr DistanceTraits kTraits = Distance::traits;
  constexpr int kBlock = static_cast<int>(PackedMatrix::kBlock);
  constexpr int kRows = TileShape<Distance>::kRows, kVectors = TileShape<Distance>::kVectors;
  for (int j = 0; j < static_cast<int>(width); j += kVectors * kLanes) {
    for (int i = 0; i < static_cast<int>(height); i += kRows) {
      typename Distance::template Sum<Floats> sums[kRows][kVectors] = {};
      for (std::size_t k = 0; k < cols; ++k) {
        const std::size_t at = k * kBlock;
        Floats mean[kVectors], variance[kVectors] = {};
        for (int v = 0; v < kVectors; ++v) {
          mean[v] = load(columns.means + at + j + v * kLanes);
          if constexpr (kTraits.has_spreads()) variance[v] = load(columns.variances + at + j + v * kLanes);
        }
        for (int r = 0; r < kRows; ++r) {
          const Floats own = splat(rows.means[at + i + r]);
          Floats own_variance{};
          if constexpr (kTraits.has_spreads()) own_variance = splat(rows.variances[at + i + r]);
          for (int v = 0; v < kVectors; ++v) Distance::add(sums[r][v], own, mean[v], own_variance, variance[v]);
        }
      }
      Floats squared[kRows][kVectors];
      for (int r = 0; r < kRows; ++r) {
        for (int v = 0; v < kVectors; ++v) {
          squared[r][v] = Distance::finish(sums[r][v], weights);
          if constexpr (kTraits.spread == Spread::total) {
            squared[r][v] += splat(rows.variances[i + r]) + load(columns.variances + j + v * kLanes);
          }
        }
      }
      take(i, j, squared);
    }
  }
}

template <class Distance>
static void distance_tile(DistanceBlock rows, DistanceBlock columns, std::size_t cols, DistanceWeights weights,
                          std::size_t height, std::size_t width, float* out) {
  constexpr int kBlock = static_cast<int>(PackedMatrix::kBlock);
  compute_pieces<Distance>(rows, columns, cols, weights, height, width, [&](int i, int j, const auto& squared) {
    for (int r = 0; r < TileShape<Distance>::kRows; ++r) {
      for (int v = 0; v < TileShape<Distance>::kVectors; ++v) {
        store(out + (i + r) * kBlock + j + v * kLanes, squared[r][v]);
      }
    }
  });
}

template <class Distance>
static std::size_t find_near(DistanceBlock rows, DistanceBlock columns, std::size_t cols, DistanceWeights weights,
                             std::size_t height, std::size_t width, const float* row_bounds, const float* column_bounds,
                             std::uint16_t* pairs, float* squared_of_pairs) {
  constexpr int kBlock = static_cast<int>(PackedMatrix::kBlock);
  const int last_row = static_cast<int>(height), last_column = static_cast<int>(width);
  std::size_t found = 0;
  compute_pieces<Distance>(rows, columns, cols, weights, height, width, [&](int i, int j, const auto& squared) {
    for (int r = 0; r < TileShape<Distance>::kRows && i + r < last_row; ++r) {
      const Floats row_bound = splat(row_bounds[i + r]);
      for (int v = 0; v < TileShape<Distance>::kVectors; ++v) {
        const int first = j + v * kLanes;
        unsigned mask = not_above(squared[r][v], larger(row_bound, load(column_bounds + first)));
        if (mask == 0) continue;
        if (last_column - first < kLanes) mask &= (1u << std::max(last_column - first, 0)) - 1;
        float lanes[kLanes];
        store(lanes, squared[r][v]);
        for (; mask != 0; mask &= mask - 1) {
          const int lane = __builtin_ctz(mask);
          pairs[found] = static_cast<std::uint16_t>((i + r) * kBlock + first + lane);
          squared_of_pairs[found++] = lanes[lane];
        }
      }
    }
  });
  return found;
}

template <class Distance>
static double distance_pair(DistanceBlock rows, std::size_t i, DistanceBlock columns, std::size_t j, std::size_t cols,
                            DistanceWeights weights) {
  constexpr DistanceTraits kTraits = Distance::traits;
  constexpr std::size_t kBlock = PackedMatrix::kBlock;
  typename Distance::template Sum<double> sums{};
  for (std::size_t k = 0; k < cols; ++k) {
    double own = 0, other = 0;
    if constexpr (kTraits.has_spreads()) {
      own = rows.variances[k * kBlock + i];
      other = columns.variances[k * kBlock + j];
    }
    Distance::add(sums, static_cast<double>(rows.means[k * kBlock + i]),
                  static_cast<double>(columns.means[k * kBlock + j]), own, other);
  }
  double squared = Distance::finish(sums, weights);
  if constexpr (kTraits.spread == Spread::total) {
    squared += static_cast<double>(rows.variances[i]) + static_cast<double>(columns.variances[j]);
  }
  return squared;
}

// With covariances, a comparison takes so long that writing the tile to memory first costs hardly any time.
template <class Distance>
static std::size_t find_near_by_covariances(DistanceBlock rows, DistanceBlock columns, std::size_t cols,
                                            DistanceWeights weights, std::size_t height, std::size_t width,
                                            const float* row_bounds, const float* column_bounds, std::uint16_t* pairs,
                                            float* squared) {
  constexpr std::size_t kBlock = PackedMatrix::kBlock;
  alignas(64) float tile[kBlock * kBlock];
  covariance_tile<Distance>(rows, columns, cols, weights, height, width, tile);
  std::size_t found = 0;
  for (std::size_t i = 0; i < height; ++i) {
    for (std::size_t j = 0; j < width; ++j) {
      const float value = tile[i * kBlock + j];
      if (!(value <= row_bounds[i] || value <= column_bounds[j])) continue;
      pairs[found] = static_cast<std::uint16_t>(i * kBlock + j);
      squared[found++] = value;
    }
  }
  return found;
}

static Least find_least(const float* row, std::size_t width) {
  Floats low = splat(__builtin_inff());
  std::size_t j = 0;
  for (; j + kLanes <= width; j += kLanes) low = smaller(load(row + j), low);
  Least least{__builtin_inff(), 0};
  for (int lane = 0; lane < kLanes; ++lane) least.value = low[lane] < least.value ? low[lane] : least.value;
  for (; j < width; ++j) least.value = row[j] < least.value ? row[j] : least.value;
  while (least.position < width && !(row[least.position] <= least.value)) ++least.position;
  return least.position < width ? least : Least{__builtin_inff(), 0};
}

static void gather_rows(const float* matrix, std::size_t stride, const std::uint32_t* rows, std::size_t count,
                        std::size_t cols, float* block) {
  constexpr std::size_t kTogether = 8;
  std::size_t i = 0;
  for (; i + kTogether <= count; i += kTogether) {
    const float* from[kTogether];
    for (std::size_t r = 0; r < kTogether; ++r) from[r] = matrix + rows[i + r] * stride;
    for (std::size_t k = 0; k < cols; ++k) {
      for (std::size_t r = 0; r < kTogether; ++r) block[k * PackedMatrix::kBlock + i + r] = from[r][k];
    }
  }
  for (; i < count; ++i) {
    const float* from = matrix + rows[i] * stride;
    for (std::size_t k = 0; k < cols; ++k) block[k * PackedMatrix::kBlock + i] = from[k];
  }
}

static void project_rows(const float* matrix, std::size_t stride, const std::uint32_t* rows, std::size_t count,
                         const float* direction, float* out) {
  for (std::size_t i = 0; i < count; ++i) {
    const float* row = matrix + rows[i] * stride;
    Floats sums{};
    for (std::size_t k = 0; k < stride; k += kLanes) sums += load(row + k) * load(direction + k);
    out[i] = sum(sums);
  }
}

// Maps the bits of numbers to integers with the same order; see support/ordered_bits.hpp.
static Ints ordered(Floats values) {
  const Ints bits = (Ints)values;
  return bits ^ ((bits >> 31) | std::numeric_limits<std::int32_t>::min());
}

static float from_ordered(std::uint32_t bits) {
  constexpr std::uint32_t kSign = std::uint32_t{1} << 31;
  const float value = __builtin_bit_cast(float, (bits & kSign) != 0 ? bits ^ kSign : ~bits);
  // Some integers beyond those of the infinities are the bits of NaN. They are treated as infinity.
  if (value == value) return value;
  return (bits & kSign) != 0 ? __builtin_inff() : -__builtin_inff();
}

// Determines the ordered bits of the bound one by one, starting with the highest bit in which the numbers differ.
static float find_bound(const float* values, std::size_t count, std::size_t k) {
  const Ints first = ordered(splat(values[0]));
  Ints difference{};
  for (std::size_t i = 0; i < count; i += kLanes) difference |= ordered(load(values + i)) ^ first;
  std::uint32_t differing = 1;
  for (int lane = 0; lane < kLanes; ++lane) differing |= static_cast<std::uint32_t>(difference[lane]);
  std::uint32_t bit = std::uint32_t{1} << (31 - __builtin_clz(differing));
  std::uint32_t bound = static_cast<std::uint32_t>(first[0]) & ~(bit | (bit - 1));
  for (; bit != 0; bit >>= 1) {
    const float middle = from_ordered(bound | (bit - 1));
    // A comparison gives -1 in the lanes where it holds. Counting lane by lane takes two instructions per vector.
    // Counting the bits of a mask in one instruction is possible only on few processors.
    Ints lanes{};
    for (std::size_t i = 0; i < count; i += kLanes) lanes -= load(values + i) <= splat(middle);
    std::size_t below = 0;
    for (int lane = 0; lane < kLanes; ++lane) below += static_cast<std::size_t>(lanes[lane]);
    if (below == k) return middle;
    if (below < k) bound |= bit;
  }
  return from_ordered(bound);
}

const DistanceKernels& distance_kernels() {
#define SIGMA_ROW(name, Type) {name, Type::traits, distance_tile<Type>, find_near<Type>, distance_pair<Type>},
  static const DistanceKernel all[] = {SIGMA_DISTANCES(SIGMA_ROW)};
#undef SIGMA_ROW
#define SIGMA_ROW(name, Type) \
  {name, Type::traits, covariance_tile<Type>, find_near_by_covariances<Type>, covariance_pair<Type>},
  static const DistanceKernel with_covariances[] = {SIGMA_COVARIANCE_DISTANCES(SIGMA_ROW)};
#undef SIGMA_ROW
  static const DistanceKernels table{all, with_covariances, find_least, gather_rows, project_rows, find_bound};
  return table;
}

}  // namespace sigma::SIGMA_ISA
