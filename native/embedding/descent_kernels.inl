namespace sigma::SIGMA_ISA {

template <int D>
constexpr std::size_t kStride = D == 3 ? 4 : D;

// Coordinates of kLanes points. A position is read whole, by loads of its own: the processors' gather instructions take
// up to three times as long.
template <int D>
SIGMA_INLINE void gather(const float* positions, const std::uint32_t* columns, Floats (&out)[D]) {
#if SIGMA_LANES == 16
  if constexpr (D == 2) {
    const double* pairs = reinterpret_cast<const double*>(positions);
    const auto eight = [pairs](const std::uint32_t* from) __attribute__((always_inline)) {
      __m512d all = _mm512_set1_pd(pairs[from[0]]);
      all = _mm512_mask_broadcastsd_pd(all, 1 << 1, _mm_load_sd(pairs + from[1]));
      all = _mm512_mask_broadcastsd_pd(all, 1 << 2, _mm_load_sd(pairs + from[2]));
      all = _mm512_mask_broadcastsd_pd(all, 1 << 3, _mm_load_sd(pairs + from[3]));
      all = _mm512_mask_broadcastsd_pd(all, 1 << 4, _mm_load_sd(pairs + from[4]));
      all = _mm512_mask_broadcastsd_pd(all, 1 << 5, _mm_load_sd(pairs + from[5]));
      all = _mm512_mask_broadcastsd_pd(all, 1 << 6, _mm_load_sd(pairs + from[6]));
      all = _mm512_mask_broadcastsd_pd(all, 1 << 7, _mm_load_sd(pairs + from[7]));
      return _mm512_castpd_ps(all);
    };
    const __m512 a = eight(columns), b = eight(columns + 8);
    const __m512i even = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    out[0] = (Floats)_mm512_permutex2var_ps(a, even, b);
    out[1] = (Floats)_mm512_permutex2var_ps(a, _mm512_add_epi32(even, _mm512_set1_epi32(1)), b);
    return;
  }
#elif SIGMA_LANES == 8
  if constexpr (D == 2) {
    const double* pairs = reinterpret_cast<const double*>(positions);
    const auto two = [pairs, columns](int lane) __attribute__((always_inline)) {
      return _mm_castpd_ps(_mm_loadh_pd(_mm_load_sd(pairs + columns[lane]), pairs + columns[lane + 1]));
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
    for (int d = 0; d < D; ++d) lanes[d][lane] = positions[columns[lane] * kStride<D> + static_cast<std::size_t>(d)];
  }
  for (int d = 0; d < D; ++d) out[d] = load(lanes[d]);
}

// Calls visit(p, difference, 1 + |difference|^2 / alpha), with alpha = 1 unless kGeneral, for the edges of row i,
// kLanes at a time; the lanes that fill up the last are edges to the point itself with p = 0.
template <int D, bool kGeneral, class Visit>
SIGMA_INLINE void for_edges(const DescentStep& s, std::size_t i, Visit&& visit) {
  Floats own[D];
  for (int d = 0; d < D; ++d) own[d] = splat(s.positions[i * kStride<D> + static_cast<std::size_t>(d)]);
  const float inverse_alpha = 1 / s.degrees_of_freedom;
  const auto edges = [&](const std::uint32_t* columns, Floats p) __attribute__((always_inline)) {
    Floats at[D], squared = splat(1.0f);
    gather<D>(s.positions, columns, at);
    for (int d = 0; d < D; ++d) {
      at[d] = own[d] - at[d];
      squared += at[d] * at[d];
    }
    if constexpr (kGeneral) squared = 1.0f + (squared - 1.0f) * inverse_alpha;
    visit(p, at, smaller(squared, splat(1e30f)));
  };
  std::uint64_t e = s.offsets[i];
  const std::uint64_t end = s.offsets[i + 1];
  for (; e + kLanes <= end; e += kLanes) edges(s.columns + e, load(s.values + e));
  if (e < end) {
#if SIGMA_LANES == 16
    const auto mask = static_cast<__mmask16>((1u << (end - e)) - 1);
    std::uint32_t columns[kLanes];
    _mm512_storeu_si512(columns, _mm512_mask_loadu_epi32(_mm512_set1_epi32(static_cast<int>(i)), mask, s.columns + e));
    edges(columns, (Floats)_mm512_maskz_loadu_ps(mask, s.values + e));
#else
    std::uint32_t columns[kLanes];
    float p[kLanes] = {};
    for (int lane = 0; lane < kLanes; ++lane) columns[lane] = static_cast<std::uint32_t>(i);
    for (std::uint64_t lane = 0; e + lane < end; ++lane) {
      columns[lane] = s.columns[e + lane];
      p[lane] = s.values[e + lane];
    }
    edges(columns, load(p));
#endif
  }
}

template <int D, bool kGeneral>
SIGMA_INLINE void attract(const DescentStep& s, std::size_t i, float (&out)[D]) {
  Floats sums[D] = {};
  for_edges<D, kGeneral>(s, i,
                         [&](Floats p, const Floats(&difference)[D], Floats squared) __attribute__((always_inline)) {
                           const Floats factor = p * reciprocal(squared);
                           for (int d = 0; d < D; ++d) sums[d] += factor * difference[d];
                         });
  for (int d = 0; d < D; ++d) out[d] = sum(sums[d]);
}

// Gains as in Jacobs 1988, with the constants of the reference implementation.
constexpr float kGainStep = 0.2f, kGainDecay = 0.8f, kLeastGain = 0.01f;

// Coordinates `at` to at + kLanes, of which the first `count` are there: gains, velocity and the step from the
// gradient. Adds to `total` and takes into `largest` what is there; lanes of `unordered` are set where a coordinate is
// NaN.
SIGMA_INLINE void move(const DescentStep& s, std::size_t at, std::size_t count, const float* gradients, Floats& total,
                       Floats& largest, Ints& unordered) {
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
  const Floats gain = larger(uphill ? gains * kGainDecay : gains + kGainStep, splat(kLeastGain));
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

// Rows whose gradients are gathered before they are applied, so that the update runs over whole vectors.
constexpr std::size_t kRowsAtOnce = 64;

template <int D, bool kGeneral>
static void step_rows(const DescentStep& s, std::size_t first, std::size_t last, DescentSums& sums) {
  constexpr std::size_t stride = kStride<D>;
  alignas(64) float gradients[kRowsAtOnce * stride] = {};
  Floats largest{};
  Ints unordered{};
  for (std::size_t block = first; block < last; block += kRowsAtOnce) {
    const std::size_t end = std::min(block + kRowsAtOnce, last);
    for (std::size_t i = block; i < end; ++i) {
      float attraction[D];
      attract<D, kGeneral>(s, i, attraction);
      for (std::size_t d = 0; d < D; ++d) {
        gradients[(i - block) * stride + d] =
            s.exaggeration * attraction[d] - s.repulsion[i * stride + d] * s.inverse_z;
      }
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
static double energy_of_rows(const DescentStep& s, std::size_t first, std::size_t last) {
  double total = 0;
  for (std::size_t i = first; i < last; ++i) {
    Floats energy{};
    for_edges<D, kGeneral>(s, i, [&](Floats p, const Floats(&)[D], Floats squared) __attribute__((always_inline)) {
      energy += p * logarithm(squared);
    });
    total += static_cast<double>(sum(energy));
  }
  return kGeneral ? static_cast<double>(s.degrees_of_freedom) * total : total;
}

template <bool kGeneral>
static void step_in(int dims, const DescentStep& s, std::size_t first, std::size_t last, DescentSums& sums) {
  switch (dims) {
    case 1:
      return step_rows<1, kGeneral>(s, first, last, sums);
    case 2:
      return step_rows<2, kGeneral>(s, first, last, sums);
    default:
      return step_rows<3, kGeneral>(s, first, last, sums);
  }
}

template <bool kGeneral>
static double energy_in(int dims, const DescentStep& s, std::size_t first, std::size_t last) {
  switch (dims) {
    case 1:
      return energy_of_rows<1, kGeneral>(s, first, last);
    case 2:
      return energy_of_rows<2, kGeneral>(s, first, last);
    default:
      return energy_of_rows<3, kGeneral>(s, first, last);
  }
}

static void step(int dims, const DescentStep& s, std::size_t first, std::size_t last, DescentSums& sums) {
  return s.degrees_of_freedom == 1 ? step_in<false>(dims, s, first, last, sums)
                                   : step_in<true>(dims, s, first, last, sums);
}

static double attraction_energy(int dims, const DescentStep& s, std::size_t first, std::size_t last) {
  return s.degrees_of_freedom == 1 ? energy_in<false>(dims, s, first, last) : energy_in<true>(dims, s, first, last);
}

const DescentKernels& descent_kernels() {
  static const DescentKernels table{step, attraction_energy};
  return table;
}

}  // namespace sigma::SIGMA_ISA
