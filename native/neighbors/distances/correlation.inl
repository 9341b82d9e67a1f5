// Square of the correlation distance, (1 - r_ij)^2 with Pearson's correlation r of the coordinates of mu_i and mu_j:
// the cosine distance after the mean of its own coordinates is taken from each row
// (scipy.spatial.distance.correlation). Ignores sigma. A constant row is to it what a zero row is to the cosine.
struct Correlation : Cosine {
  static constexpr DistanceTraits traits{.coordinates = Coordinates::centered_unit_rows};
};
