namespace sigma::SIGMA_ISA {

template <int D>
constexpr std::size_t kStride = D == 3 ? 4 : D;

// The layout of P: `apart` has columns and values in separate arrays. `packed` has both in one integer, with the
// columns in the lowest bits that the mask selects. `narrow` is the same with columns of 16 bits.
enum class Edges { apart, packed, narrow };

// Loads the coordinates of kLanes points. Each position is loaded separately and as a whole: the gather instructions of
// processors take up to three times as long.
template <int D, Edges kEdges>
SIGMA_INLINE void gather(const float* positions, const std::uint32_t* edges, std::uint32_t mask, Floats (&out)[D]) {
#if defined(__clang__)
  // Hides from clang that unpack() reads the same memory. Otherwise clang would extract the columns from the vector
  // that unpack() has loaded, which takes longer than loading them again.
  asm("" : "+r"(edges));
#endif
  const auto column = [&](int lane) __attribute__((always_inline)) -> std::size_t {
    if constexpr (kEdges == Edges::apart) return edges[lane];
    if constexpr (kEdges == Edges::packed) return edges[lane] & mask;
    return static_cast<std::uint16_t>(edges[lane]);
  };
#if SIGMA_LANES == 16
  if constexpr (D == 2) {
    const double* pairs = reinterpret_cast<const double*>(positions);
    const auto eight = [&](int first) __attribute__((always_inline)) {
      __m512d all = _mm512_set1_pd(pairs[column(first)]);
      all = _mm512_mask_broadcastsd_pd(all, 1 << 1, _mm_load_sd(pairs + column(first + 1)));
      all = _mm512_mask_broadcastsd_pd(all, 1 << 2, _mm_load_sd(pairs + column(first + 2)));
      all = _mm512_mask_broadcastsd_pd(all, 1 << 3, _mm_load_sd(pairs + column(first + 3)));
      all = _mm512_mask_broadcastsd_pd(all, 1 << 4, _mm_load_sd(pairs + column(first + 4)));
      all = _mm512_mask_broadcastsd_pd(all, 1 << 5, _mm_load_sd(pairs + column(first + 5)));
      all = _mm512_mask_broadcastsd_pd(all, 1 << 6, _mm_load_sd(pairs + column(first + 6)));
      all = _mm512_mask_broadcastsd_pd(all, 1 << 7, _mm_load_sd(pairs + column(first + 7)));
      return _mm512_castpd_ps(all);
    };
    const __m512 a = eight(0), b = eight(8);
    const __m512i even = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    out[0] = (Floats)_mm512_permutex2var_ps(a, even, b);
    out[1] = (Floats)_mm512_permutex2var_ps(a, _mm512_add_epi32(even, _mm512_set1_epi32(1)), b);
    return;
  }
#elif SIGMA_LANES == 8
  if constexpr (D == 2) {
    const double* pairs = reinterpret_cast<const double*>(positions);
    const auto two = [&](int lane) __attribute__((always_inline)) {
      return _mm_castpd_ps(_mm_loadh_pd(_mm_load_sd(pairs + column(lane)), pairs + column(lane + 1)));
    };
    const __m256 a = _mm256_insertf128_ps(_mm256_castps128_ps256(two(0)), two(4), 1);
    const __m256 b = _mm256_insertf128_ps(_mm256_castps128_ps256(two(2)), two(6), 1);
    out[0] = (Floats)_mm256_shuffle_ps(a, b, 0b10001000);
    out[1] = (Floats)_mm256_shuffle_ps(a, b, 0b11011101);
    return;
  }
#endif
  float lanes[D][kLanes];
  for (int lane = 0; lane < kLanes; ++lane) {
    for (int d = 0; d < D; ++d) lanes[d][lane] = positions[column(lane) * kStride<D> + static_cast<std::size_t>(d)];
  }
  for (int d = 0; d < D; ++d) out[d] = load(lanes[d]);
}

// The p of packed edges, in their units. Exponent and mantissa are moved to their bits in a float; the result is below
// 1.
SIGMA_INLINE Floats unpack(const std::uint32_t* edges, std::uint32_t mask) {
  typedef std::uint32_t Bits __attribute__((vector_size(4 * SIGMA_LANES)));
  Bits bits;
  __builtin_memcpy(&bits, edges, sizeof bits);
  return (Floats)(((bits & ~mask) >> 4) + (96u << 23));
}

// Calls visit(p, difference, 1 + |difference|^2 / alpha) for the edges of row i, kLanes at a time. alpha is 1 unless
// kGeneral is set. The last vector is filled up with edges from the point to itself.
template <int D, bool kGeneral, Edges kEdges, class Visit>
SIGMA_INLINE void for_edges(const GradientDescentStep& s, std::size_t i, Visit&& visit) {
  Floats own[D];
  for (int d = 0; d < D; ++d) own[d] = splat(s.positions[i * kStride<D> + static_cast<std::size_t>(d)]);
  const float inverse_alpha = 1 / s.degrees_of_freedom;
  const auto edges = [&](const std::uint32_t* from, Floats p) __attribute__((always_inline)) {
    Floats at[D], squared = splat(1.0f);
    gather<D, kEdges>(s.positions, from, s.column_mask, at);
    for (int d = 0; d < D; ++d) {
      at[d] = own[d] - at[d];
      squared += at[d] * at[d];
    }
    if constexpr (kGeneral) squared = 1.0f + (squared - 1.0f) * inverse_alpha;
    visit(p, at, smaller(squared, splat(1e30f)));
  };
  if constexpr (kEdges != Edges::apart) {
    const std::uint32_t* const end = s.packed_edges + s.packed_offsets[i + 1];
    for (const std::uint32_t* e = s.packed_edges + s.packed_offsets[i]; e < end; e += kLanes) {
      edges(e, unpack(e, s.column_mask));
    }
    return;
  }
  std::uint64_t e = s.offsets[i];
  const std::uint64_t end = s.offsets[i + 1];
  for (; e + kLanes <= end; e += kLanes) edges(s.columns + e, load(s.values + e));
  if (e < end) {
    std::uint32_t columns[kLanes];
    float p[kLanes] = {};
    for (int lane = 0; lane < kLanes; ++lane) columns[lane] = static_cast<std::uint32_t>(i);
    for (std::uint64_t lane = 0; e + lane < end; ++lane) {
      columns[lane] = s.columns[e + lane];
      p[lane] = s.values[e + lane];
    }
    edges(columns, load(p));
  }
}

// Writes the attraction to `out` and returns the curvature. Both are for exaggeration 1 and in the units of the edges.
template <int D, bool kGeneral, Edges kEdges>
SIGMA_INLINE float attract(const GradientDescentStep& s, std::size_t i, float (&out)[D]) {
  Floats sums[D] = {}, curvature{};
  for_edges<D, kGeneral, kEdges>(
      s, i, [&](Floats p, const Floats(&difference)[D], Floats squared) __attribute__((always_inline)) {
        const Floats factor = p * reciprocal(squared);
        for (int d = 0; d < D; ++d) sums[d] += factor * difference[d];
        curvature += factor;
      });
  for (int d = 0; d < D; ++d) out[d] = sum(sums[d]);
  return sum(curvature);
}

// The gains follow Jacobs 1988, with the constants of the reference implementation.
constexpr float kGainStep = 0.2f, kGainDecay = 0.8f, kLeastGain = 0.01f;

// Updates gains and velocity and takes the step for the coordinates `at` to at + kLanes, of which only the first
// `count` exist. Adds the existing coordinates to `total` and includes them in `largest`. Sets the lanes of `unordered`
// for coordinates that are NaN.
SIGMA_INLINE void move(const GradientDescentStep& s, std::size_t at, std::size_t count, const float* gradients,
                       Floats& total, Floats& largest, Ints& unordered) {
  float ends[4][kLanes] = {};
  const auto read = [&](const float* from, int end) __attribute__((always_inline)) {
    if (count == kLanes) return load(from + at);
    __builtin_memcpy(ends[end], from + at, count * sizeof(float));
    return load(ends[end]);
  };
  const auto write = [&](float* to, Floats v) __attribute__((always_inline)) {
    if (count == kLanes) return store(to + at, v);
    store(ends[0], v);
    __builtin_memcpy(to + at, ends[0], count * sizeof(float));
  };
  const Floats gradient = load(gradients), before = read(s.velocity, 0), gains = read(s.gains, 1);
  const Ints uphill = (gradient > 0.0f) ^ ~(before > 0.0f);
  const Floats adapted = uphill ? gains * kGainDecay : gains + kGainStep;
  const Floats gain = smaller(larger(adapted, splat(kLeastGain)), splat(s.largest_gain));
  const Floats velocity = s.momentum * before - s.learning_rate * gain * gradient;
  const Floats next = read(s.positions, 2) + velocity;
  write(s.gains, gain);
  write(s.velocity, velocity);
  write(s.next, next);
  store(ends[3], next);
  for (std::size_t lane = count; lane < kLanes; ++lane) ends[3][lane] = 0;
  const Floats moved = count == kLanes ? next : load(ends[3]);
  total += moved;
  largest = larger(magnitude(moved), largest);
  unordered |= moved != moved;
}

// The gradients of this many rows are collected before the update, so that the update runs over whole vectors.
constexpr std::size_t kRowsAtOnce = 64;

template <int D, bool kGeneral, Edges kEdges>
static void step_rows(const GradientDescentStep& s, std::size_t first, std::size_t last, GradientDescentSums& sums) {
  constexpr std::size_t stride = kStride<D>;
  alignas(64) float gradients[kRowsAtOnce * stride] = {};
  const float unit = kEdges == Edges::apart ? 1.0f : s.unit;
  const float exaggeration = s.exaggeration * unit;
  Floats largest{};
  Ints unordered{};
  for (std::size_t block = first; block < last; block += kRowsAtOnce) {
    const std::size_t end = std::min(block + kRowsAtOnce, last);
    for (std::size_t i = block; i < end; ++i) {
      float attraction[D];
      float slope = 0;
      const float curvature = unit * attract<D, kGeneral, kEdges>(s, i, attraction);
      sums.curvature += static_cast<double>(curvature);
      const bool divides = s.least_curvature > 0;
      const float factor = divides ? 1 / (s.exaggeration * std::max(curvature, s.least_curvature)) : 1.0f;
      for (std::size_t d = 0; d < D; ++d) {
        const float gradient = exaggeration * attraction[d] - s.repulsion[i * stride + d] * s.inverse_z;
        gradients[(i - block) * stride + d] = factor * gradient;
        slope += gradient * s.velocity[i * stride + d];
      }
      sums.slope += static_cast<double>(slope);
    }
    Floats total{};
    for (std::size_t at = block * stride; at < end * stride; at += kLanes) {
      move(s, at, std::min<std::size_t>(kLanes, end * stride - at), gradients + (at - block * stride), total, largest,
           unordered);
    }
    float lanes[kLanes];
    store(lanes, total);
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      if (lane % stride < D) sums.next[lane % stride] += static_cast<double>(lanes[lane]);
    }
  }
  float lanes[kLanes];
  std::int32_t odd[kLanes];
  store(lanes, largest);
  __builtin_memcpy(odd, &unordered, sizeof odd);
  for (int lane = 0; lane < kLanes; ++lane) sums.largest = odd[lane] ? INFINITY : std::max(sums.largest, lanes[lane]);
}

template <int D, bool kGeneral>
static double energy_of_rows(const GradientDescentStep& s, std::size_t first, std::size_t last) {
  double total = 0;
  for (std::size_t i = first; i < last; ++i) {
    Floats energy{};
    for_edges<D, kGeneral, Edges::apart>(s, i,
                                         [&](Floats p, const Floats(&)[D], Floats squared)
                                             __attribute__((always_inline)) { energy += p * logarithm(squared); });
    total += static_cast<double>(sum(energy));
  }
  return kGeneral ? static_cast<double>(s.degrees_of_freedom) * total : total;
}

template <bool kGeneral, Edges kEdges>
static void step_in(int output_dimensions, const GradientDescentStep& s, std::size_t first, std::size_t last,
                    GradientDescentSums& sums) {
  switch (output_dimensions) {
    case 1:
      return step_rows<1, kGeneral, kEdges>(s, first, last, sums);
    case 2:
      return step_rows<2, kGeneral, kEdges>(s, first, last, sums);
    default:
      return step_rows<3, kGeneral, kEdges>(s, first, last, sums);
  }
}

template <bool kGeneral>
static double energy_in(int output_dimensions, const GradientDescentStep& s, std::size_t first, std::size_t last) {
  switch (output_dimensions) {
    case 1:
      return energy_of_rows<1, kGeneral>(s, first, last);
    case 2:
      return energy_of_rows<2, kGeneral>(s, first, last);
    default:
      return energy_of_rows<3, kGeneral>(s, first, last);
  }
}

static void step(int output_dimensions, const GradientDescentStep& s, std::size_t first, std::size_t last,
                 GradientDescentSums& sums) {
  const auto with = [&](auto edges) {
    return s.degrees_of_freedom == 1 ? step_in<false, edges>(output_dimensions, s, first, last, sums)
                                     : step_in<true, edges>(output_dimensions, s, first, last, sums);
  };
  if (s.packed_offsets == nullptr) return with(std::integral_constant<Edges, Edges::apart>());
  if (s.column_mask == 0xffff) return with(std::integral_constant<Edges, Edges::narrow>());
  return with(std::integral_constant<Edges, Edges::packed>());
}

static double attraction_energy(int output_dimensions, const GradientDescentStep& s, std::size_t first,
                                std::size_t last) {
  return s.degrees_of_freedom == 1 ? energy_in<false>(output_dimensions, s, first, last)
                                   : energy_in<true>(output_dimensions, s, first, last);
}

const GradientDescentKernels& gradient_descent_kernels() {
  static const GradientDescentKernels table{step, attraction_energy};
  return table;
}

}  // namespace sigma::SIGMA_ISA
