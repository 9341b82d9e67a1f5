// Expected squared Euclidean distance of independent draws from the two Gaussians:
//   sum_k (mu_ik - mu_jk)^2 + sum_k (sigma_ik^2 + sigma_jk^2).
// No floor. The least of the points' sums of sigma^2 is taken from all of them: a constant of all distances, which
// calibration does not see but float32 does. Points whose sum is far above the least have the digits that are left.
struct Expected : Euclidean {
  static constexpr DistanceTraits traits{.spread = Spread::total, .is_plain_for_equal_sigma = true};

  template <class V>
  SIGMA_INLINE V finish(const Sum<V>& s, DistanceWeights weights) {
    return weights.means * s.squares;
  }
};
