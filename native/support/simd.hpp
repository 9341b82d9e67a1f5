// Vectors of kLanes floats for the kernels. Only the files in isa/ include this header, within the target for which
// they are compiled. SIGMA_ISA is the namespace, SIGMA_LANES the width.

namespace sigma::SIGMA_ISA {

#define SIGMA_METHOD inline __attribute__((always_inline))
#define SIGMA_INLINE static SIGMA_METHOD

constexpr int kLanes = SIGMA_LANES;

typedef float Floats __attribute__((vector_size(4 * SIGMA_LANES)));
typedef std::int32_t Ints __attribute__((vector_size(4 * SIGMA_LANES)));

SIGMA_INLINE Floats load(const float* from) {
  Floats v;
  __builtin_memcpy(&v, from, sizeof v);
  return v;
}

SIGMA_INLINE void store(float* to, Floats v) {
  __builtin_memcpy(to, &v, sizeof v);
}

SIGMA_INLINE Floats splat(float x) {
  return x - Floats{};  // not 0 + x: it would be compiled to an addition, because it turns -0 into 0
}

// Returns b if either is NaN. Intrinsics are used because compilers do not turn a comparison with a choice into one
// instruction.
SIGMA_INLINE Floats smaller(Floats a, Floats b) {
#if SIGMA_LANES == 16
  return (Floats)_mm512_min_ps((__m512)a, (__m512)b);
#elif SIGMA_LANES == 8
  return (Floats)_mm256_min_ps((__m256)a, (__m256)b);
#else
  return a < b ? a : b;
#endif
}

SIGMA_INLINE Floats larger(Floats a, Floats b) {
#if SIGMA_LANES == 16
  return (Floats)_mm512_max_ps((__m512)a, (__m512)b);
#elif SIGMA_LANES == 8
  return (Floats)_mm256_max_ps((__m256)a, (__m256)b);
#else
  return a > b ? a : b;
#endif
}

SIGMA_INLINE Floats magnitude(Floats v) {
  return (Floats)((Ints)v & 0x7fffffff);
}

SIGMA_INLINE double magnitude(double v) {
  return v < 0 ? -v : v;
}

// 1 / v for 0 < v < 1e37, accurate to the last one or two bits of float32.
SIGMA_INLINE Floats reciprocal(Floats v) {
#if SIGMA_LANES == 16
  const Floats r = (Floats)_mm512_rcp14_ps((__m512)v);
  return r * (2.0f - v * r);
#elif SIGMA_LANES == 8
  const Floats r = (Floats)_mm256_rcp_ps((__m256)v);
  return r * (2.0f - v * r);
#else
  return 1.0f / v;
#endif
}

SIGMA_INLINE double reciprocal(double v) {
  return 1.0 / v;
}

SIGMA_INLINE Floats square_root(Floats v) {
#if SIGMA_LANES == 16
  return (Floats)_mm512_sqrt_ps((__m512)v);
#elif SIGMA_LANES == 8
  return (Floats)_mm256_sqrt_ps((__m256)v);
#elif defined(__SSE2__)
  return (Floats)_mm_sqrt_ps((__m128)v);
#else
  for (int lane = 0; lane < kLanes; ++lane) v[lane] = __builtin_sqrtf(v[lane]);
  return v;
#endif
}

// Sum of the lanes in a fixed order: the upper half is added to the lower half, repeatedly.
SIGMA_INLINE float sum(Floats v) {
#if SIGMA_LANES == 16
  const auto eight = __builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7) +
                     __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15);
#elif SIGMA_LANES == 8
  const auto eight = v;
#endif
#if SIGMA_LANES >= 8
  const auto four =
      __builtin_shufflevector(eight, eight, 0, 1, 2, 3) + __builtin_shufflevector(eight, eight, 4, 5, 6, 7);
#else
  const auto four = v;
#endif
  const auto two = four + __builtin_shufflevector(four, four, 2, 3, 2, 3);
  return two[0] + two[1];
}

// Bit l is set if a[l] <= b[l].
SIGMA_INLINE unsigned not_above(Floats a, Floats b) {
#if SIGMA_LANES == 16
  return _mm512_cmp_ps_mask((__m512)a, (__m512)b, _CMP_LE_OQ);
#elif SIGMA_LANES == 8
  return static_cast<unsigned>(_mm256_movemask_ps(_mm256_cmp_ps((__m256)a, (__m256)b, _CMP_LE_OQ)));
#elif defined(__SSE2__)
  return static_cast<unsigned>(_mm_movemask_ps(_mm_cmple_ps((__m128)a, (__m128)b)));
#else
  const Ints holds = a <= b;
  unsigned mask = 0;
  for (int lane = 0; lane < kLanes; ++lane) mask |= (holds[lane] & 1u) << lane;
  return mask;
#endif
}

// log((1 + s) / (1 - s)) = 2 atanh(s) for |s| < 0.172, by power series.
SIGMA_INLINE Floats logarithm_of_ratio(Floats s) {
  const Floats q = s * s;
  return s * (2.0f + q * (0.66666667f + q * (0.4f + q * (0.28571429f + q * 0.22222222f))));
}

// Natural logarithm of v for 1 <= v < 1e37, with a relative error below 3e-7. v = m 2^e with m in [sqrt(1/2), sqrt(2)),
// and log m = 2 atanh((m - 1) / (m + 1)).
SIGMA_INLINE Floats logarithm(Floats v) {
  const Ints bits = (Ints)v;
  const Ints shifted = bits - 0x3f3504f3;
  const Ints exponent = shifted >> 23;
  const Floats m = (Floats)(bits - (exponent << 23));
  return logarithm_of_ratio((m - 1.0f) / (m + 1.0f)) + __builtin_convertvector(exponent, Floats) * 0.69314718056f;
}

// The logarithm of a product of many numbers in [1e-37, 2). The product itself may be far below the range of float32.
template <class V>
struct ProductLogarithm;

template <>
struct ProductLogarithm<Floats> {
  Floats mantissa = splat(1.0f);
  Ints exponent{};

  SIGMA_METHOD void multiply(Floats factor) {
    const Ints bits = (Ints)(mantissa * factor);
    exponent += (bits - 0x3f800000) >> 23;
    mantissa = (Floats)((bits & 0x7fffff) | 0x3f800000);
  }
  SIGMA_METHOD Floats value() const {
    return logarithm(mantissa) + __builtin_convertvector(exponent, Floats) * 0.69314718056f;
  }
};

template <>
struct ProductLogarithm<double> {
  double sum = 0;

  SIGMA_METHOD void multiply(double factor) { sum += __builtin_log(factor); }
  SIGMA_METHOD double value() const { return sum; }
};

// -log(1 - x) for 0 <= x <= 1/4.
SIGMA_INLINE Floats logarithm_of_complement(Floats x) {
  return logarithm_of_ratio(x / (2.0f - x));
}

SIGMA_INLINE double logarithm_of_complement(double x) {
  return -__builtin_log1p(-x);
}

// e^v with a relative error below 2e-7. v is limited to the range in which the result is a normal float32. NaN stays
// NaN. e^v = 2^n e^r with r = v - n log 2, subtracted in two parts; |r| <= log(2) / 2, and e^r comes from its power
// series.
SIGMA_INLINE Floats exponential(Floats v) {
  v = v < -87.0f ? splat(-87.0f) : v;
  v = v > 88.3f ? splat(88.3f) : v;
  // Adding 1.5 * 2^23 rounds to an integer, which is then in the lowest bits.
  const Floats shifted = v * 1.44269504f + 12582912.0f;
  const Floats n = shifted - 12582912.0f;
  const Floats r = (v - n * 0.693359375f) + n * 2.12194440e-4f;
  Floats series = r * 1.3888889e-3f + 8.3333333e-3f;
  series = series * r + 4.1666667e-2f;
  series = series * r + 1.6666667e-1f;
  series = series * r + 0.5f;
  series = series * r + 1.0f;
  series = series * r + 1.0f;
  return series * (Floats)(((Ints)shifted << 23) + 0x3f800000);
}

}  // namespace sigma::SIGMA_ISA
