namespace sigma::SIGMA_ISA {

template <int D>
constexpr std::size_t kStride = D == 3 ? 4 : D;

// Coordinates of kLanes points. A position is read whole where that saves half of the loads.
template <int D>
SIGMA_INLINE void gather(const float* positions, const std::uint32_t* columns, Floats (&out)[D]) {
#if SIGMA_LANES == 16
  if constexpr (D == 2) {
    const __m256i low = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(columns));
    const __m256i high = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(columns + 8));
    const __m512 a = _mm512_castpd_ps(_mm512_i32gather_pd(low, positions, 8));
    const __m512 b = _mm512_castpd_ps(_mm512_i32gather_pd(high, positions, 8));
    const __m512i even = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    out[0] = (Floats)_mm512_permutex2var_ps(a, even, b);
    out[1] = (Floats)_mm512_permutex2var_ps(a, _mm512_add_epi32(even, _mm512_set1_epi32(1)), b);
    return;
  }
#elif SIGMA_LANES == 8
  if constexpr (D == 2) {
    const __m128i low = _mm_loadu_si128(reinterpret_cast<const __m128i*>(columns));
    const __m128i high = _mm_loadu_si128(reinterpret_cast<const __m128i*>(columns + 4));
    const double* pairs = reinterpret_cast<const double*>(positions);
    const __m256 a = _mm256_castpd_ps(_mm256_i32gather_pd(pairs, low, 8));
    const __m256 b = _mm256_castpd_ps(_mm256_i32gather_pd(pairs, high, 8));
    const auto in_order = [](__m256 v) {
      return (Floats)_mm256_castpd_ps(_mm256_permute4x64_pd(_mm256_castps_pd(v), 0b11011000));
    };
    out[0] = in_order(_mm256_shuffle_ps(a, b, 0b10001000));
    out[1] = in_order(_mm256_shuffle_ps(a, b, 0b11011101));
    return;
  }
#endif
  float lanes[D][kLanes];
  for (int lane = 0; lane < kLanes; ++lane) {
    for (int d = 0; d < D; ++d) lanes[d][lane] = positions[columns[lane] * kStride<D> + static_cast<std::size_t>(d)];
  }
  for (int d = 0; d < D; ++d) out[d] = load(lanes[d]);
}

// Calls visit(p, difference, 1 + |difference|^2) for the edges of row i, kLanes at a time; the lanes that fill up the
// last are edges to the point itself with p = 0.
template <int D, class Visit>
SIGMA_INLINE void for_edges(const DescentStep& s, std::size_t i, Visit&& visit) {
  Floats own[D];
  for (int d = 0; d < D; ++d) own[d] = splat(s.positions[i * kStride<D> + static_cast<std::size_t>(d)]);
  const auto edges = [&](const std::uint32_t* columns, Floats p) __attribute__((always_inline)) {
    Floats at[D], squared = splat(1.0f);
    gather<D>(s.positions, columns, at);
    for (int d = 0; d < D; ++d) {
      at[d] = own[d] - at[d];
      squared += at[d] * at[d];
    }
    visit(p, at, smaller(squared, splat(1e30f)));
  };
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

template <int D>
SIGMA_INLINE void attract(const DescentStep& s, std::size_t i, float (&out)[D]) {
  Floats sums[D] = {};
  for_edges<D>(s, i, [&](Floats p, const Floats(&difference)[D], Floats squared) __attribute__((always_inline)) {
    const Floats factor = p * reciprocal(squared);
    for (int d = 0; d < D; ++d) sums[d] += factor * difference[d];
  });
  for (int d = 0; d < D; ++d) out[d] = sum(sums[d]);
}

// Gains as in Jacobs 1988, with the constants of the reference implementation.
constexpr float kGainStep = 0.2f, kGainDecay = 0.8f, kLeastGain = 0.01f;

template <int D>
static void step_rows(const DescentStep& s, std::size_t first, std::size_t last, DescentSums& sums) {
  for (std::size_t i = first; i < last; ++i) {
    float attraction[D];
    attract<D>(s, i, attraction);
    for (int d = 0; d < D; ++d) {
      const std::size_t at = i * kStride<D> + static_cast<std::size_t>(d);
      const float gradient = s.exaggeration * attraction[d] - s.repulsion[at] * s.inverse_z;
      const bool uphill = (gradient > 0) == (s.velocity[at] > 0);
      const float gain = std::max(uphill ? s.gains[at] * kGainDecay : s.gains[at] + kGainStep, kLeastGain);
      const float velocity = s.momentum * s.velocity[at] - s.learning_rate * gain * gradient;
      s.gains[at] = gain;
      s.velocity[at] = velocity;
      s.next[at] = s.positions[at] + velocity;
      sums.next[d] += static_cast<double>(s.next[at]);
      const float magnitude = std::abs(s.next[at]);
      sums.largest = magnitude <= sums.largest ? sums.largest : magnitude == magnitude ? magnitude : INFINITY;
    }
  }
}

template <int D>
static double energy_of_rows(const DescentStep& s, std::size_t first, std::size_t last) {
  double total = 0;
  for (std::size_t i = first; i < last; ++i) {
    Floats energy{};
    for_edges<D>(s, i, [&](Floats p, const Floats(&)[D], Floats squared) __attribute__((always_inline)) {
      energy += p * logarithm(squared);
    });
    total += static_cast<double>(sum(energy));
  }
  return total;
}

static void step(int dims, const DescentStep& s, std::size_t first, std::size_t last, DescentSums& sums) {
  switch (dims) {
    case 1:
      return step_rows<1>(s, first, last, sums);
    case 2:
      return step_rows<2>(s, first, last, sums);
    default:
      return step_rows<3>(s, first, last, sums);
  }
}

static double attraction_energy(int dims, const DescentStep& s, std::size_t first, std::size_t last) {
  switch (dims) {
    case 1:
      return energy_of_rows<1>(s, first, last);
    case 2:
      return energy_of_rows<2>(s, first, last);
    default:
      return energy_of_rows<3>(s, first, last);
  }
}

const DescentKernels& descent_kernels() {
  static const DescentKernels table{step, attraction_energy};
  return table;
}

}  // namespace sigma::SIGMA_ISA
