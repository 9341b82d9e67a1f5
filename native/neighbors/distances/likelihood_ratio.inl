// Compares how likely two measured points are if their true positions are close with how likely they are if the
// positions are independent. This is probabilistic linear discriminant analysis (Ioffe 2006; Prince & Elder 2007) with
// diagonal noise that differs between points. S_k is the variance of the true coordinates, W_k is the part of it within
// neighborhoods and B_k = S_k - W_k the part between them. With g_ik = B_k / (S_k + sigma_ik^2), x_ik = mu_ik - m_k and
// q = g_ik g_jk, -2 log of the likelihood ratio is
//   sum_k log(1 - q) + q / (1 - q) / B_k (g_ik x_ik^2 + g_jk x_jk^2 - 2 x_ik x_jk),
// which may be negative. Calibration does not depend on a constant that is added to all distances of a point.
struct LikelihoodRatio {
  static constexpr DistanceTraits traits{
      .coordinates = Coordinates::standardized, .spread = Spread::reliabilities, .may_be_negative = true, .cost = 9};

  template <class V>
  struct Sum {
    V squares{};
    ProductLogarithm<V> product;
  };

  // The coordinates are x / sqrt(B). The three terms cancel if g is near 1. Their sum is therefore computed from h = 1
  // - g, d = x_i - x_j and t = x_i + x_j as
  //   d^2 - h_i x_i^2 - h_j x_j^2 = d^2 - (h_i + h_j) (t^2 + d^2) / 4 - (h_i - h_j) t d / 2,
  // Exchanging i and j gives the same bits for these terms, no matter which of the products the compiler fuses.
  template <class V>
  SIGMA_INLINE void add(Sum<V>& s, V x_i, V x_j, V g_i, V g_j) {
    const V difference = x_i - x_j, total = x_i + x_j;
    const V q = g_i * g_j, complement = 1.0f - q;
    const V product = total * difference, squared = difference * difference;
    const V shrinkage = 0.25f * (2.0f - (g_i + g_j)) * (total * total + squared);
    const V form = (squared - shrinkage) + 0.5f * (g_i - g_j) * product;
    s.squares += q * reciprocal(complement) * form;
    s.product.multiply(complement);
  }

  template <class V>
  SIGMA_INLINE V finish(const Sum<V>& s, DistanceWeights) {
    return s.squares + s.product.value();
  }
};
