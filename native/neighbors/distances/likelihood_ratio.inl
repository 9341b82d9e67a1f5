// How much likelier two measured points are if their true positions are close than if they are independent, as in
// probabilistic linear discriminant analysis (Ioffe 2006; Prince & Elder 2007) with diagonal noise that differs between
// points. With the variance S_k of the true coordinates, of which W_k remains within neighborhoods and B_k = S_k - W_k
// lies between them, g_ik = B_k / (S_k + sigma_ik^2), x_ik = mu_ik - m_k and q = g_ik g_jk, -2 log of the ratio is
//   sum_k log(1 - q) + q / (1 - q) / B_k (g_ik x_ik^2 + g_jk x_jk^2 - 2 x_ik x_jk),
// which may be negative. Calibration does not depend on a constant that is added to a row.
struct LikelihoodRatio {
  static constexpr DistanceTraits traits{
      .coordinates = Coordinates::standardized, .spread = Spread::reliabilities, .may_be_negative = true, .cost = 9};

  template <class V>
  struct Sum {
    V squares{};
    ProductLogarithm<V> product;
  };

  // The coordinates are x / sqrt(B). Where g is near 1 the three terms cancel; their sum is therefore, with h = 1 - g,
  // d = x_i - x_j and t = x_i + x_j,
  //   d^2 - h_i x_i^2 - h_j x_j^2 = d^2 - (h_i + h_j) (t^2 + d^2) / 4 - (h_i - h_j) t d / 2,
  // whose terms are also the same bits with i and j exchanged, whichever of their products are fused.
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
