// Square of the Manhattan distance of the means, (sum_k |mu_ik - mu_jk|)^2. Ignores sigma.
struct Manhattan {
  static constexpr DistanceTraits traits{.cost = 1.5};

  template <class V>
  struct Sum {
    V magnitudes{};
  };

  template <class V>
  SIGMA_INLINE void add(Sum<V>& s, V mean_i, V mean_j, V, V) {
    s.magnitudes += magnitude(mean_i - mean_j);
  }

  template <class V>
  SIGMA_INLINE V finish(const Sum<V>& s, DistanceWeights) {
    return s.magnitudes * s.magnitudes;
  }
};
