// -2 log of the density that the difference of the means has if the true points are equal. It is the squared
// Mahalanobis length plus the log-determinant of the covariance, without the constant d log(2 pi),
//   sum_k (mu_ik - mu_jk)^2 / v_k + sum_k log(v_k),  v_k = sigma_ik^2 + sigma_jk^2 + floor.
// All squared lengths of noisy points are small. Without the logarithm, noisy points would be the neighbors of all
// others. The sum may be negative. Calibration does not depend on a constant that is added to all distances of a point.
struct MahalanobisLogdet {
  static constexpr DistanceTraits traits{
      .spread = Spread::half_floored_variances, .is_plain_for_equal_sigma = true, .may_be_negative = true, .cost = 7};

  template <class V>
  struct Sum {
    V squares{};
    ProductLogarithm<V> product;
  };

  template <class V>
  SIGMA_INLINE void add(Sum<V>& s, V mean_i, V mean_j, V variance_i, V variance_j) {
    const V difference = mean_i - mean_j, variance = variance_i + variance_j;
    s.squares += reciprocal(variance) * (difference * difference);
    s.product.multiply(variance);
  }

  template <class V>
  SIGMA_INLINE V finish(const Sum<V>& s, DistanceWeights weights) {
    return weights.means * s.squares + weights.spread * s.product.value();
  }
};
