namespace sigma::SIGMA_ISA {

// Complex numbers of kLanes independent transforms.
struct Complexes {
  Floats re, im;
};

SIGMA_INLINE Complexes operator+(Complexes a, Complexes b) {
  return {a.re + b.re, a.im + b.im};
}
SIGMA_INLINE Complexes operator-(Complexes a, Complexes b) {
  return {a.re - b.re, a.im - b.im};
}
SIGMA_INLINE Complexes operator*(float s, Complexes a) {
  return {s * a.re, s * a.im};
}
// Times sign * i.
template <int Sign>
SIGMA_INLINE Complexes turn(Complexes a) {
  return Sign > 0 ? Complexes{-a.im, a.re} : Complexes{a.im, -a.re};
}
// Times (w, sign * v).
template <int Sign>
SIGMA_INLINE Complexes rotate(Complexes a, const float* w) {
  const float re = w[0], im = Sign < 0 ? w[1] : -w[1];
  return {a.re * re - a.im * im, a.re * im + a.im * re};
}

SIGMA_INLINE Complexes load_complex(const float* from) {
  return {load(from), load(from + kLanes)};
}
SIGMA_INLINE void store_complex(float* to, Complexes a) {
  store(to, a.re);
  store(to + kLanes, a.im);
}

// The discrete transform of R numbers in place, with exp(Sign 2 pi i / R).
template <int R, int Sign>
SIGMA_INLINE void butterfly(Complexes (&a)[R]) {
  if constexpr (R == 2) {
    const Complexes sum = a[0] + a[1];
    a[1] = a[0] - a[1];
    a[0] = sum;
  } else if constexpr (R == 3) {
    const Complexes sum = a[1] + a[2], side = turn<Sign>(0.866025404f * (a[1] - a[2]));
    const Complexes middle = a[0] - 0.5f * sum;
    a[0] = a[0] + sum;
    a[1] = middle + side;
    a[2] = middle - side;
  } else if constexpr (R == 4) {
    const Complexes even = a[0] + a[2], odd = a[1] + a[3];
    const Complexes across = a[0] - a[2], side = turn<Sign>(a[1] - a[3]);
    a[0] = even + odd;
    a[1] = across + side;
    a[2] = even - odd;
    a[3] = across - side;
  } else {
    constexpr float c1 = 0.309016994f, c2 = -0.809016994f, s1 = 0.951056516f, s2 = 0.587785252f;
    const Complexes outer = a[1] + a[4], inner = a[2] + a[3];
    const Complexes outer_side = a[1] - a[4], inner_side = a[2] - a[3];
    const Complexes first = a[0] + c1 * outer + c2 * inner, second = a[0] + c2 * outer + c1 * inner;
    const Complexes first_side = turn<Sign>(s1 * outer_side + s2 * inner_side);
    const Complexes second_side = turn<Sign>(s2 * outer_side - s1 * inner_side);
    a[0] = a[0] + outer + inner;
    a[1] = first + first_side;
    a[4] = first - first_side;
    a[2] = second + second_side;
    a[3] = second - second_side;
  }
}

constexpr std::size_t kComplex = 2 * kLanes;

template <int R, int Sign>
SIGMA_INLINE void transform_stage(float* x, std::size_t n, const float* twiddles) {
  const std::size_t part = n / R;
  for (std::size_t j = 0; j < part; ++j, twiddles += 2 * (R - 1)) {
    Complexes a[R];
    for (int p = 0; p < R; ++p) {
      a[p] = load_complex(x + (j + static_cast<std::size_t>(p) * part) * kComplex);
      // Backwards, twiddle factors come before the butterfly.
      if (Sign > 0 && p > 0) a[p] = rotate<Sign>(a[p], twiddles + 2 * (p - 1));
    }
    butterfly<R, Sign>(a);
    for (int p = 0; p < R; ++p) {
      if (Sign < 0 && p > 0) a[p] = rotate<Sign>(a[p], twiddles + 2 * (p - 1));
      store_complex(x + (j + static_cast<std::size_t>(p) * part) * kComplex, a[p]);
    }
  }
}

template <int Sign>
static void run_stage(float* x, std::size_t n, int radix, const float* twiddles) {
  switch (radix) {
    case 2:
      return transform_stage<2, Sign>(x, n, twiddles);
    case 3:
      return transform_stage<3, Sign>(x, n, twiddles);
    case 4:
      return transform_stage<4, Sign>(x, n, twiddles);
    default:
      return transform_stage<5, Sign>(x, n, twiddles);
  }
}

// Forwards (decimation in frequency) from natural order to the plan's places; depth first, so that parts are finished
// while they are in the cache.
static void transform(float* x, const FourierPlan& plan, std::size_t n, std::size_t stage) {
  if (stage == plan.radices.size()) return;
  const int radix = plan.radices[stage];
  const std::size_t part = n / static_cast<std::size_t>(radix);
  run_stage<-1>(x, n, radix, plan.twiddles[stage].data());
  if (part == 1) return;
  for (std::size_t p = 0; p < n; p += part) transform(x + p * kComplex, plan, part, stage + 1);
}

// Backwards, from the plan's places to natural order, without the factor 1 / length.
static void restore(float* x, const FourierPlan& plan, std::size_t n, std::size_t stage) {
  if (stage == plan.radices.size()) return;
  const int radix = plan.radices[stage];
  const std::size_t part = n / static_cast<std::size_t>(radix);
  if (part > 1) {
    for (std::size_t p = 0; p < n; p += part) restore(x + p * kComplex, plan, part, stage + 1);
  }
  run_stage<1>(x, n, radix, plan.twiddles[stage].data());
}

// Exchanges, of kLanes x kLanes numbers, the off-diagonal blocks of B x B in rows a and b.
template <int B, int... Lanes>
SIGMA_INLINE void exchange_blocks(Floats& a, Floats& b, std::integer_sequence<int, Lanes...>) {
  const Floats first = __builtin_shufflevector(a, b, ((Lanes & B) != 0 ? kLanes + Lanes - B : Lanes)...);
  b = __builtin_shufflevector(a, b, ((Lanes & B) != 0 ? kLanes + Lanes : Lanes + B)...);
  a = first;
}

template <int B>
SIGMA_INLINE void transpose_blocks(Floats (&rows)[kLanes]) {
#pragma GCC unroll 16
  for (int i = 0; i < kLanes; ++i) {
    if ((i & B) == 0) exchange_blocks<B>(rows[i], rows[i + B], std::make_integer_sequence<int, kLanes>());
  }
  if constexpr (B > 1) transpose_blocks<B / 2>(rows);
}

// Turns kLanes vectors into columns: out[j * stride + i] = lane j of in[i].
SIGMA_INLINE void store_transposed(Floats (&in)[kLanes], float* out, std::size_t stride) {
  transpose_blocks<kLanes / 2>(in);
#pragma GCC unroll 16
  for (std::size_t j = 0; j < kLanes; ++j) store(out + j * stride, in[j]);
}

SIGMA_INLINE void load_transposed(const float* from, std::size_t stride, Floats (&out)[kLanes]) {
#pragma GCC unroll 16
  for (std::size_t i = 0; i < kLanes; ++i) out[i] = load(from + i * stride);
  transpose_blocks<kLanes / 2>(out);
}

// Two real columns make one complex one, z = a + i b, whose transform holds both:
//   A_k = (Z_k + conj Z_{L-k}) / 2,  B_k = (Z_k - conj Z_{L-k}) / (2 i).
static void transform_columns(const MeshView& mesh, std::size_t column, float* scratch) {
  const FourierPlan& plan = *mesh.column_plan;
  const std::size_t length = plan.length;
  for (std::size_t y = 0; y < mesh.rows; ++y) {
    const float* from = mesh.nodes + y * mesh.stride + column;
    store_complex(scratch + y * kComplex, {load(from), load(from + kLanes)});
  }
  std::fill(scratch + mesh.rows * kComplex, scratch + length * kComplex, 0.0f);
  transform(scratch, plan, length, 0);
  for (std::size_t k = 0; k < mesh.frequencies; k += kLanes) {
    Floats a_re[kLanes], a_im[kLanes], b_re[kLanes], b_im[kLanes];
    for (std::size_t i = 0; i < kLanes; ++i) {
      const std::size_t at = std::min(k + i, length / 2);
      const Complexes z = load_complex(scratch + plan.place[at] * kComplex);
      const Complexes mirror = load_complex(scratch + plan.place[at == 0 ? 0 : length - at] * kComplex);
      a_re[i] = 0.5f * (z.re + mirror.re);
      a_im[i] = 0.5f * (z.im - mirror.im);
      b_re[i] = 0.5f * (z.im + mirror.im);
      b_im[i] = 0.5f * (mirror.re - z.re);
    }
    store_transposed(a_re, mesh.real + column * mesh.frequencies + k, mesh.frequencies);
    store_transposed(a_im, mesh.imaginary + column * mesh.frequencies + k, mesh.frequencies);
    store_transposed(b_re, mesh.real + (column + kLanes) * mesh.frequencies + k, mesh.frequencies);
    store_transposed(b_im, mesh.imaginary + (column + kLanes) * mesh.frequencies + k, mesh.frequencies);
  }
}

static void restore_columns(const MeshView& mesh, std::size_t column, float* scratch) {
  const FourierPlan& plan = *mesh.column_plan;
  const std::size_t length = plan.length;
  for (std::size_t k = 0; k < mesh.frequencies; k += kLanes) {
    Floats a_re[kLanes], a_im[kLanes], b_re[kLanes], b_im[kLanes];
    load_transposed(mesh.real + column * mesh.frequencies + k, mesh.frequencies, a_re);
    load_transposed(mesh.imaginary + column * mesh.frequencies + k, mesh.frequencies, a_im);
    load_transposed(mesh.real + (column + kLanes) * mesh.frequencies + k, mesh.frequencies, b_re);
    load_transposed(mesh.imaginary + (column + kLanes) * mesh.frequencies + k, mesh.frequencies, b_im);
    for (std::size_t i = 0; i < kLanes && k + i <= length / 2; ++i) {
      const std::size_t at = k + i, mirror = at == 0 ? 0 : length - at;
      store_complex(scratch + plan.place[mirror] * kComplex, {a_re[i] + b_im[i], b_re[i] - a_im[i]});
      store_complex(scratch + plan.place[at] * kComplex, {a_re[i] - b_im[i], a_im[i] + b_re[i]});
    }
  }
  restore(scratch, plan, length, 0);
  for (std::size_t y = 0; y < mesh.rows; ++y) {
    const Complexes z = load_complex(scratch + y * kComplex);
    float* to = mesh.nodes + y * mesh.stride + column;
    store(to, z.re);
    store(to + kLanes, z.im);
  }
}

SIGMA_INLINE void load_rows(const MeshView& mesh, std::size_t frequency, float* scratch) {
  for (std::size_t x = 0; x < mesh.columns; ++x) {
    const std::size_t at = x * mesh.frequencies + frequency;
    store_complex(scratch + x * kComplex, {load(mesh.real + at), load(mesh.imaginary + at)});
  }
  std::fill(scratch + mesh.columns * kComplex, scratch + mesh.row_plan->length * kComplex, 0.0f);
}

static void convolve_rows(const MeshView& mesh, std::size_t frequency, const float* factors, float* scratch) {
  const FourierPlan& plan = *mesh.row_plan;
  load_rows(mesh, frequency, scratch);
  transform(scratch, plan, plan.length, 0);
  for (std::size_t x = 0; x < plan.length; ++x) {
    const Complexes z = load_complex(scratch + x * kComplex);
    const Floats factor = load(factors + x * kLanes);
    store_complex(scratch + x * kComplex, {z.re * factor, z.im * factor});
  }
  restore(scratch, plan, plan.length, 0);
  for (std::size_t x = 0; x < mesh.columns; ++x) {
    const Complexes z = load_complex(scratch + x * kComplex);
    const std::size_t at = x * mesh.frequencies + frequency;
    store(mesh.real + at, z.re);
    store(mesh.imaginary + at, z.im);
  }
}

static void transform_rows(const MeshView& mesh, std::size_t frequency, float* out, float* scratch) {
  const FourierPlan& plan = *mesh.row_plan;
  load_rows(mesh, frequency, scratch);
  transform(scratch, plan, plan.length, 0);
  for (std::size_t x = 0; x < plan.length; ++x) store(out + x * kLanes, load(scratch + x * kComplex));
}

// The coefficients c_j, of (1 + z + ... + z^(m - 1))^p / m^(p - 1), with zeros to fill the last vector.
struct Refinement {
  float c[(kRefinement + 15) / 16 * 16] = {};

  Refinement() {
    double power[kRefinement] = {1};
    std::size_t count = 1;
    for (int n = 0; n < kSplineOrder; ++n, count += kCoarser - 1) {
      double next[kRefinement] = {};
      const double share = n == 0 ? 1 : 1.0 / kCoarser;
      for (std::size_t j = 0; j < count; ++j) {
        for (std::size_t k = 0; k < kCoarser; ++k) next[j + k] += share * power[j];
      }
      std::copy_n(next, kRefinement, power);
    }
    for (std::size_t j = 0; j < kRefinement; ++j) c[j] = static_cast<float>(power[j]);
  }
};

static const Refinement& refinement() {
  static const Refinement coefficients;
  return coefficients;
}

constexpr std::size_t kBeyond = kRefinement - 1;

constexpr std::size_t kShares = kBeyond / kCoarser + 1;

static void restrict_columns(const MeshView& fine, std::size_t column, std::size_t coarse_rows, float* wide,
                             std::size_t stride) {
  const Refinement& spline = refinement();
  constexpr std::size_t kVectors = 4;
  const std::size_t end = std::min(column + kVectors * kLanes, fine.stride - kSplineOrder);
  for (std::size_t row = 0; row < coarse_rows; ++row) {
    const std::size_t start = kCoarser * row;
    const std::size_t first = start > kBeyond ? start - kBeyond : 0, last = std::min(start + 1, fine.rows);
    const float* c = spline.c + (first + kBeyond - start);
    float* to = wide + row * stride + kBeyond;
    const float* from = fine.nodes + first * fine.stride;
    if (end - column == kVectors * kLanes) {
      Floats sums[kVectors] = {};
      for (std::size_t f = first; f < last; ++f, from += fine.stride) {
        for (std::size_t v = 0; v < kVectors; ++v) sums[v] += c[f - first] * load(from + column + v * kLanes);
      }
      for (std::size_t v = 0; v < kVectors; ++v) store(to + column + v * kLanes, sums[v]);
      continue;
    }
    for (std::size_t x = column; x < end; x += kLanes) {
      Floats sum{};
      const float* at = from + x;
      for (std::size_t f = first; f < last; ++f, at += fine.stride) sum += c[f - first] * load(at);
      store(to + x, sum);
    }
  }
}

static void restrict_row(const MeshView& fine, float* wide, const MeshView& coarse, std::size_t row) {
  const Refinement& spline = refinement();
  const std::size_t filled = kBeyond + fine.stride - kSplineOrder;
  std::fill(wide, wide + kBeyond, 0.0f);
  std::fill(wide + filled, wide + wide_stride(fine), 0.0f);
  float* to = coarse.nodes + row * coarse.stride;
  for (std::size_t x = 0; x < coarse.columns; ++x) {
    Floats sums{};
    if (kCoarser * x < filled) {
      for (std::size_t j = 0; j < kRefinement; j += kLanes) sums += load(spline.c + j) * load(wide + kCoarser * x + j);
    }
    to[x] = sum(sums);
  }
}

static void prolong_row(const MeshView& coarse, std::size_t row, const MeshView& fine, float* wide) {
  const Refinement& spline = refinement();
  const float* from = coarse.nodes + row * coarse.stride;
  for (std::size_t x = kBeyond / kCoarser; kCoarser * x < kBeyond + fine.columns; x += kLanes) {
    float parts[kCoarser][kLanes];
    for (std::size_t phase = 0; phase < kCoarser; ++phase) {
      Floats sum{};
      for (std::size_t i = 0; i < kShares; ++i) sum += spline.c[kCoarser * i + phase] * load(from + x - i);
      store(parts[phase], sum);
    }
    float* to = wide + kCoarser * x;
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      for (std::size_t phase = 0; phase < kCoarser; ++phase) *to++ = parts[phase][lane];
    }
  }
}

static void prolong_columns(const MeshView& fine, std::size_t row, const float* wide, std::size_t stride) {
  const Refinement& spline = refinement();
  const std::size_t place = (row + kBeyond) / kCoarser, phase = (row + kBeyond) % kCoarser;
  float c[kShares];
  for (std::size_t i = 0; i < kShares; ++i) c[i] = spline.c[kCoarser * i + phase];
  const float* from = wide + place * stride + kBeyond;
  float* to = fine.nodes + row * fine.stride;
  for (std::size_t x = 0; x < fine.columns; x += kLanes) {
    Floats sum = load(to + x);
    for (std::size_t i = 0; i < kShares; ++i) sum += c[i] * load(from + x - i * stride);
    store(to + x, sum);
  }
}

typedef float SplineRow __attribute__((vector_size(4 * kSplineOrder)));

SIGMA_INLINE SplineRow load_row(const float* from) {
  SplineRow v;
  __builtin_memcpy(&v, from, sizeof v);
  return v;
}

SIGMA_INLINE float sum_row(SplineRow v) {
  float total[kSplineOrder];
  __builtin_memcpy(total, &v, sizeof v);
  return ((total[0] + total[4]) + (total[1] + total[5])) + ((total[2] + total[6]) + (total[3] + total[7]));
}

// The B-spline's pieces as polynomials of the offset t in [0, 1) of a charge from its first node's cell: coefficient k
// of all nodes in one row. From the recursion M_n(u) = (u M_{n-1}(u) + (n - u) M_{n-1}(u - 1)) / (n - 1) (Essmann 1995,
// eq. 4.1).
struct SplinePolynomials {
  SplineRow value[kSplineOrder], slope[kSplineOrder - 1];

  SplinePolynomials() {
    // piece[j][k]: coefficient of t^k of the spline at the j-th node, where u = t + order - 1 - j.
    double piece[kSplineOrder][kSplineOrder] = {};
    piece[0][0] = 1;
    for (int n = 2; n <= kSplineOrder; ++n) {
      double next[kSplineOrder][kSplineOrder] = {};
      for (int i = 0; i < n; ++i) {
        // On [i, i + 1), with u = t + i; piece[i] of order n - 1 lives there too.
        for (int k = 0; k < n; ++k) {
          const auto take = [&](int from, int power) {
            return from >= 0 && from < n - 1 && power >= 0 && power < n - 1 ? piece[from][power] : 0.0;
          };
          next[i][k] = (i * take(i, k) + take(i, k - 1) + (n - i) * take(i - 1, k) - take(i - 1, k - 1)) / (n - 1);
        }
      }
      for (int i = 0; i < kSplineOrder; ++i) std::copy_n(next[i], kSplineOrder, piece[i]);
    }
    for (int k = 0; k < kSplineOrder; ++k) {
      float values[kSplineOrder] = {}, slopes[kSplineOrder] = {};
      for (int j = 0; j < kSplineOrder; ++j) {
        values[j] = static_cast<float>(piece[kSplineOrder - 1 - j][k]);
        if (k > 0) slopes[j] = static_cast<float>(k * piece[kSplineOrder - 1 - j][k]);
      }
      value[k] = load_row(values);
      if (k > 0) slope[k - 1] = load_row(slopes);
    }
  }
};

SIGMA_INLINE SplineRow evaluate_spline(const SplineRow* coefficients, int count, float t) {
  SplineRow v = coefficients[count - 1];
  for (int k = count - 2; k >= 0; --k) v = v * t + coefficients[k];
  return v;
}

struct Stencil {
  std::size_t first;  // node
  float t[2];
};

SIGMA_INLINE Stencil find_stencil(const MeshView& mesh, const Placement& placement, const float* position) {
  Stencil stencil;
  std::size_t cell[2];
  for (int d = 0; d < 2; ++d) {
    const float u = (position[d] - placement.origin[d]) * placement.per_unit;
    cell[d] = static_cast<std::size_t>(u);
    stencil.t[d] = u - static_cast<float>(cell[d]);
  }
  stencil.first = cell[1] * mesh.stride + cell[0];
  return stencil;
}

static const SplinePolynomials& spline_polynomials() {
  static const SplinePolynomials polynomials;
  return polynomials;
}

#if SIGMA_LANES == 16
// Both axes, or potential and slope, beside each other in one vector.
typedef float SplinePair __attribute__((vector_size(8 * kSplineOrder)));

SIGMA_INLINE SplinePair join(SplineRow a, SplineRow b) {
  return __builtin_shufflevector(a, b, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
}

SIGMA_INLINE SplinePair evaluate_pair(const SplineRow* coefficients, int count, SplinePair t) {
  SplinePair v = join(coefficients[count - 1], coefficients[count - 1]);
  for (int k = count - 2; k >= 0; --k) v = v * t + join(coefficients[k], coefficients[k]);
  return v;
}

SIGMA_INLINE void evaluate_splines(const SplinePolynomials& spline, const float (&t)[2], SplineRow& along_x,
                                   SplineRow& along_y) {
  const SplinePair both = evaluate_pair(spline.value, kSplineOrder, join(t[0] - SplineRow{}, t[1] - SplineRow{}));
  along_x = __builtin_shufflevector(both, both, 0, 1, 2, 3, 4, 5, 6, 7);
  along_y = __builtin_shufflevector(both, both, 8, 9, 10, 11, 12, 13, 14, 15);
}
#else
SIGMA_INLINE void evaluate_splines(const SplinePolynomials& spline, const float (&t)[2], SplineRow& along_x,
                                   SplineRow& along_y) {
  along_x = evaluate_spline(spline.value, kSplineOrder, t[0]);
  along_y = evaluate_spline(spline.value, kSplineOrder, t[1]);
}
#endif

static void spread(const MeshView& mesh, const Placement& placement, const float* positions,
                   const std::uint32_t* points, std::size_t count) {
  const SplinePolynomials& spline = spline_polynomials();
  for (std::size_t i = 0; i < count; ++i) {
    const Stencil stencil = find_stencil(mesh, placement, positions + 2 * std::size_t{points[i]});
    SplineRow along_x, along_y;
    evaluate_splines(spline, stencil.t, along_x, along_y);
    float* node = mesh.nodes + stencil.first;
    for (int row = 0; row < kSplineOrder; ++row, node += mesh.stride) {
      const SplineRow sum = load_row(node) + along_x * along_y[row];
      __builtin_memcpy(node, &sum, sizeof sum);
    }
  }
}

// What the splines read at a point: the potential, and its slopes along x and y in units of the mesh.
struct Reading {
  float potential, slope[2];
};

#if SIGMA_LANES == 16
// Adds nodes of row R, times the splines' values along y in the first half and their slopes in the second.
template <int R>
SIGMA_INLINE void add_row(const float* first, std::size_t stride, SplinePair along_y, SplinePair& sums) {
  const SplineRow nodes = load_row(first + R * stride);
  sums += join(nodes, nodes) * __builtin_shufflevector(along_y, along_y, R, R, R, R, R, R, R, R, R + 8, R + 8, R + 8,
                                                       R + 8, R + 8, R + 8, R + 8, R + 8);
}

SIGMA_INLINE Reading read_potential(const SplinePolynomials& spline, const float* first, std::size_t stride,
                                    const float (&t)[2]) {
  const SplinePair at = join(t[0] - SplineRow{}, t[1] - SplineRow{});
  const SplinePair value = evaluate_pair(spline.value, kSplineOrder, at);
  const SplinePair slope = evaluate_pair(spline.slope, kSplineOrder - 1, at);
  const SplinePair along_y =
      __builtin_shufflevector(value, slope, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31);
  const SplinePair along_x = __builtin_shufflevector(value, value, 0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7);
  SplinePair even{}, odd{};
  add_row<0>(first, stride, along_y, even);
  add_row<1>(first, stride, along_y, odd);
  add_row<2>(first, stride, along_y, even);
  add_row<3>(first, stride, along_y, odd);
  add_row<4>(first, stride, along_y, even);
  add_row<5>(first, stride, along_y, odd);
  add_row<6>(first, stride, along_y, even);
  add_row<7>(first, stride, along_y, odd);
  const SplinePair columns = even + odd;
  // The first half of the one is summed to the potential, of the other to its slope along x, the second halves to that
  // along y and to nothing of interest.
  const SplinePair a = columns * along_x, b = columns * slope;
  const SplinePair four = __builtin_shufflevector(a, b, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 20, 21, 22, 23) +
                          __builtin_shufflevector(a, b, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 16, 17, 18, 19);
  const SplinePair two =
      four + __builtin_shufflevector(four, four, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13);
  const SplinePair one = two + __builtin_shufflevector(two, two, 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14);
  return {one[0], {one[8], one[4]}};
}
#else
SIGMA_INLINE Reading read_potential(const SplinePolynomials& spline, const float* first, std::size_t stride,
                                    const float (&t)[2]) {
  const SplineRow along_x = evaluate_spline(spline.value, kSplineOrder, t[0]);
  const SplineRow along_y = evaluate_spline(spline.value, kSplineOrder, t[1]);
  const SplineRow slope_x = evaluate_spline(spline.slope, kSplineOrder - 1, t[0]);
  const SplineRow slope_y = evaluate_spline(spline.slope, kSplineOrder - 1, t[1]);
  SplineRow level{}, rise{};
  for (int row = 0; row < kSplineOrder; ++row, first += stride) {
    const SplineRow potential = load_row(first);
    level += potential * along_y[row];
    rise += potential * slope_y[row];
  }
  return {sum_row(level * along_x), {sum_row(level * slope_x), sum_row(rise * along_x)}};
}
#endif

static double interpolate(const MeshView& mesh, const Placement& placement, const float* positions,
                          const std::uint32_t* points, std::size_t count, float* forces) {
  const SplinePolynomials& spline = spline_polynomials();
  const float half = -0.5f * placement.per_unit;
  double total = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t at = 2 * std::size_t{points[i]};
    const Stencil stencil = find_stencil(mesh, placement, positions + at);
    const Reading reading = read_potential(spline, mesh.nodes + stencil.first, mesh.stride, stencil.t);
    total += static_cast<double>(reading.potential);
    for (std::size_t d = 0; d < 2; ++d) forces[at + d] = half * reading.slope[d];
  }
  return total;
}

const MeshKernels& mesh_kernels() {
  static const MeshKernels table{kLanes,           transform_columns, convolve_rows, transform_rows,  restore_columns,
                                 restrict_columns, restrict_row,      prolong_row,   prolong_columns, spread,
                                 interpolate};
  return table;
}

}  // namespace sigma::SIGMA_ISA
