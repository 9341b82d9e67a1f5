namespace sigma::SIGMA_ISA {

static double sum_weights(const float* values, std::size_t count, float scale) {
  // Weights of larger numbers contribute nothing to the sum, and would make the correction of the reciprocal NaN.
  const Floats far = splat(1e36f);
  Floats sums[4] = {};
  std::size_t e = 0;
  for (; e + 4 * kLanes <= count; e += 4 * kLanes) {
    for (int v = 0; v < 4; ++v) {
      sums[v] += reciprocal(smaller(1.0f + scale * load(values + e + v * kLanes), far));
    }
  }
  for (; e < count; e += kLanes) sums[0] += reciprocal(smaller(1.0f + scale * load(values + e), far));
  return static_cast<double>(sum((sums[0] + sums[1]) + (sums[2] + sums[3])));
}

static double sum_roots(const float* values, std::size_t count) {
  // Partial sums of this length are short enough for float32 to keep its digits.
  constexpr std::size_t kStretch = 64 * kLanes;
  double total = 0;
  std::size_t e = 0;
  while (e + kLanes <= count) {
    const std::size_t end = e + kStretch < count ? e + kStretch : count;
    Floats roots{};
    for (; e + kLanes <= end; e += kLanes) roots += square_root(load(values + e));
    total += static_cast<double>(sum(roots));
  }
  if (e == count) return total;
  float rest[kLanes] = {};
  for (std::size_t lane = 0; e + lane < count; ++lane) rest[lane] = values[e + lane];
  return total + static_cast<double>(sum(square_root(load(rest))));
}

static std::size_t count_below(const float* values, std::size_t count, float limit) {
  const Floats limits = splat(limit);
  Ints counts[4] = {};
  std::size_t e = 0;
  for (; e + 4 * kLanes <= count; e += 4 * kLanes) {
    for (int v = 0; v < 4; ++v) counts[v] -= (Ints)(load(values + e + v * kLanes) < limits);
  }
  for (; e + kLanes <= count; e += kLanes) counts[0] -= (Ints)(load(values + e) < limits);
  const Ints all = (counts[0] + counts[1]) + (counts[2] + counts[3]);
  std::size_t total = 0;
  for (int lane = 0; lane < kLanes; ++lane) total += static_cast<std::size_t>(all[lane]);
  for (; e < count; ++e) total += values[e] < limit;
  return total;
}

static std::size_t keep_not_above(const float* values, const std::uint32_t* indices, std::size_t count, float bound,
                                  float* kept_values, std::uint32_t* kept_indices) {
  const Floats bounds = splat(bound);
  std::size_t kept = 0;
  for (std::size_t e = 0; e < count; e += kLanes) {
    const Floats value = load(values + e);
    unsigned mask = not_above(value, bounds);
#if SIGMA_LANES == 16
    const __m512i order = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    const __m512i index = indices != nullptr ? _mm512_loadu_si512(indices + e)
                                             : _mm512_add_epi32(order, _mm512_set1_epi32(static_cast<int>(e)));
    const auto keep = static_cast<__mmask16>(mask);
    _mm512_storeu_ps(kept_values + kept, _mm512_maskz_compress_ps(keep, (__m512)value));
    _mm512_storeu_si512(kept_indices + kept, _mm512_maskz_compress_epi32(keep, index));
    kept += static_cast<std::size_t>(__builtin_popcount(mask));
#else
    for (; mask != 0; mask &= mask - 1, ++kept) {
      const std::size_t at = e + static_cast<std::size_t>(__builtin_ctz(mask));
      kept_values[kept] = values[at];
      kept_indices[kept] = indices != nullptr ? indices[at] : static_cast<std::uint32_t>(at);
    }
#endif
  }
  return kept;
}

const QualityKernels& quality_kernels() {
  static const QualityKernels table{sum_weights, sum_roots, count_below, keep_not_above};
  return table;
}

}  // namespace sigma::SIGMA_ISA
