// Jeffreys' divergence of the two Gaussians, KL(i || j) + KL(j || i) (Jeffreys 1946; Kullback & Leibler 1951,
// Ann. Math. Stat. 22, eq. 2.6), with the variances v = sigma^2 + floor of each point:
//   1/2 sum_k (mu_ik - mu_jk)^2 (1 / v_ik + 1 / v_jk) + 1/2 sum_k (v_ik - v_jk)^2 / (v_ik v_jk).
// This number is used directly as the squared distance: if all variances are equal, it is a multiple of the squared
// Euclidean distance.
struct Jeffreys {
  static constexpr DistanceTraits traits{
      .spread = Spread::floored_variances, .is_plain_for_equal_sigma = true, .cost = 6};

  template <class V>
  struct Sum {
    V squares{}, ratios{};
  };

  template <class V>
  SIGMA_INLINE void add(Sum<V>& s, V mean_i, V mean_j, V variance_i, V variance_j) {
    const V difference = mean_i - mean_j, contrast = variance_i - variance_j;
    // Each reciprocal is computed once for all pairs of a tile that share it. The product of both might leave the range
    // of float32.
    const V precision_i = reciprocal(variance_i), precision_j = reciprocal(variance_j);
    s.squares += (difference * difference) * (precision_i + precision_j);
    s.ratios += (contrast * precision_i) * (contrast * precision_j);
  }

  template <class V>
  SIGMA_INLINE V finish(const Sum<V>& s, DistanceWeights weights) {
    return weights.means * s.squares + weights.spread * s.ratios;
  }
};
