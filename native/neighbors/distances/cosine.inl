// Square of the cosine distance, (1 - cos(mu_i, mu_j))^2, with the angle seen from the caller's origin. Ignores sigma.
// With u = mu / |mu|, 1 - cos = |u_i - u_j|^2 / 2; this form keeps its digits for small angles. A zero row gets an
// extra direction at right angles to all others: its distance is 1 from other rows and 0 from other zero rows.
struct Cosine {
  static constexpr DistanceTraits traits{.coordinates = Coordinates::unit_rows};

  template <class V>
  struct Sum {
    V squares{};
  };

  template <class V>
  SIGMA_INLINE void add(Sum<V>& s, V direction_i, V direction_j, V, V) {
    const V difference = direction_i - direction_j;
    s.squares += difference * difference;
  }

  template <class V>
  SIGMA_INLINE V finish(const Sum<V>& s, DistanceWeights) {
    return 0.25f * (s.squares * s.squares);
  }
};
