// Squared Mahalanobis length (Mahalanobis 1936) of the difference of the means. The covariance is that of the
// difference of two independent draws:
//   sum_k (mu_ik - mu_jk)^2 / (sigma_ik^2 + sigma_jk^2 + floor).
// The weights are those of the inverse-variance distance, without the division by their sum.
struct Mahalanobis {
  static constexpr DistanceTraits traits{
      .spread = Spread::half_floored_variances, .is_plain_for_equal_sigma = true, .cost = 3.5};

  template <class V>
  struct Sum {
    V squares{};
  };

  template <class V>
  SIGMA_INLINE void add(Sum<V>& s, V mean_i, V mean_j, V variance_i, V variance_j) {
    const V difference = mean_i - mean_j;
    s.squares += reciprocal(variance_i + variance_j) * (difference * difference);
  }

  template <class V>
  SIGMA_INLINE V finish(const Sum<V>& s, DistanceWeights) {
    return s.squares;
  }
};
