// Mean of squared differences, weighted by inverse variance (Ede 2020, arXiv:2003.01113):
//   w_k = 1 / (sigma_ik^2 + sigma_jk^2 + floor),  d^2 = sum_k w_k (mu_ik - mu_jk)^2 / sum_k w_k.
struct InverseVariance {
  static constexpr DistanceTraits traits{
      .spread = Spread::half_floored_variances, .is_plain_for_equal_sigma = true, .cost = 4};

  template <class V>
  struct Sum {
    V squares{}, weights{};
  };

  template <class V>
  SIGMA_INLINE void add(Sum<V>& s, V mean_i, V mean_j, V variance_i, V variance_j) {
    const V difference = mean_i - mean_j;
    const V weight = reciprocal(variance_i + variance_j);
    s.squares += weight * (difference * difference);
    s.weights += weight;
  }

  template <class V>
  SIGMA_INLINE V finish(const Sum<V>& s, DistanceWeights) {
    return s.squares / s.weights;
  }
};
