// Fourier transforms of the mesh.
//
// Formula. Forward transform: X_k = sum_j x_j e^(-2 pi i j k / L). The backward transform has a positive exponent and
// omits the factor 1 / L, which is contained in the factors of the convolution. The length L is a product of 2, 3, 4
// and 5. One stage of radix R turns a transform of length n into R transforms of length m = n / R (decimation in
// frequency; Cooley & Tukey 1965):
//   X_(R q + p) = sum_(j < m) e^(-2 pi i j q / m) [ e^(-2 pi i j p / n) sum_(r < R) x_(j + r m) e^(-2 pi i r p / R) ]
// The inner sum is a butterfly of R numbers, the factor before it a twiddle factor of the plan. Frequencies stay in the
// order in which the stages leave them (FourierPlan::slot) and are never sorted: the convolution multiplies each
// frequency by its own factor, and the backward transform runs the same stages in reverse.
//
// Memory layout. A call transforms kLanes independent columns or rows together, one per lane. Complex number j of all
// lanes is stored as kLanes real parts followed by kLanes imaginary parts, so no stage shuffles within a vector.
//
// Blocking. The recursion goes depth first, so that a part that fits into the cache is finished before it is evicted.
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
// Multiplies by sign * i.
template <int Sign>
SIGMA_INLINE Complexes turn(Complexes a) {
  return Sign > 0 ? Complexes{-a.im, a.re} : Complexes{a.im, -a.re};
}
// Multiplies by (w, sign * v).
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

// The discrete Fourier transform of R numbers in place, with exp(Sign 2 pi i / R).
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
      // In the backward transform, twiddle factors come before the butterfly.
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

// Forward transform, from natural order to the plan's order.
static void transform(float* x, const FourierPlan& plan, std::size_t n, std::size_t stage) {
  if (stage == plan.radices.size()) return;
  const int radix = plan.radices[stage];
  const std::size_t part = n / static_cast<std::size_t>(radix);
  run_stage<-1>(x, n, radix, plan.twiddles[stage].data());
  if (part == 1) return;
  for (std::size_t p = 0; p < n; p += part) transform(x + p * kComplex, plan, part, stage + 1);
}

// Backward transform, from the plan's order to natural order, without the factor 1 / length.
static void restore(float* x, const FourierPlan& plan, std::size_t n, std::size_t stage) {
  if (stage == plan.radices.size()) return;
  const int radix = plan.radices[stage];
  const std::size_t part = n / static_cast<std::size_t>(radix);
  if (part > 1) {
    for (std::size_t p = 0; p < n; p += part) restore(x + p * kComplex, plan, part, stage + 1);
  }
  run_stage<1>(x, n, radix, plan.twiddles[stage].data());
}

// Step of a transpose of kLanes x kLanes numbers: exchanges the off-diagonal blocks of size B x B in rows a and b.
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

// Writes kLanes vectors as columns: out[j * stride + i] = lane j of in[i].
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

// Transforms real columns along y. Two real columns form one complex column, z = a + i b, whose transform contains
// both:
//   A_k = (Z_k + conj Z_(L - k)) / 2,  B_k = (Z_k - conj Z_(L - k)) / (2 i).
// So a call transforms 2 * kLanes columns: the first kLanes columns, from `column` on, are the real parts, and the next
// kLanes columns are the imaginary parts. The frequencies 0 to L / 2 are stored column by column. Blocks of kLanes
// frequencies x kLanes columns are transposed in registers, so that the transforms along x find kLanes frequencies in
// one vector.
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
      const Complexes z = load_complex(scratch + plan.slot[at] * kComplex);
      const Complexes mirror = load_complex(scratch + plan.slot[at == 0 ? 0 : length - at] * kComplex);
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

// The inverse of transform_columns: Z_k = A_k + i B_k and Z_(L - k) = conj A_k + i conj B_k.
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
      store_complex(scratch + plan.slot[mirror] * kComplex, {a_re[i] + b_im[i], b_re[i] - a_im[i]});
      store_complex(scratch + plan.slot[at] * kComplex, {a_re[i] - b_im[i], a_im[i] + b_re[i]});
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

// Loads kLanes frequencies along y of all columns, padded with zeros to the length of the transform.
SIGMA_INLINE void load_rows(const MeshView& mesh, std::size_t frequency, float* scratch) {
  for (std::size_t x = 0; x < mesh.columns; ++x) {
    const std::size_t at = x * mesh.frequencies + frequency;
    store_complex(scratch + x * kComplex, {load(mesh.real + at), load(mesh.imaginary + at)});
  }
  std::fill(scratch + mesh.columns * kComplex, scratch + mesh.row_plan->length * kComplex, 0.0f);
}

// Transforms kLanes frequencies along x, multiplies them by the transform of the kernel, and transforms them back. The
// rows stay in the scratch memory during the three steps, and only the columns of the mesh are written back.
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

// Transforms along x and keeps only the real parts: the kernel is even, so its transform is real.
static void transform_rows(const MeshView& mesh, std::size_t frequency, float* out, float* scratch) {
  const FourierPlan& plan = *mesh.row_plan;
  load_rows(mesh, frequency, scratch);
  transform(scratch, plan, plan.length, 0);
  for (std::size_t x = 0; x < plan.length; ++x) store(out + x * kLanes, load(scratch + x * kComplex));
}

}  // namespace sigma::SIGMA_ISA
