#pragma once

#include <cstddef>

#include "../support/threads.hpp"
#include "network_kernels.hpp"

namespace sigma {

// Weights with Gaussian posteriors N(mean, sigma^2), sigma = softplus(rho) = log(1 + e^rho) (Blundell et al. 2015).

// variance[i] = sigma_i^2.
void weight_variances(const float* rho, std::size_t count, float* variance, ThreadTeam& team);

// drho[i] = dvariance[i] times the derivative of sigma_i^2 with respect to rho_i.
void weight_variances_back(const float* rho, const float* dvariance, std::size_t count, float* drho, ThreadTeam& team);

// The sum over the weights of KL(N(mean, sigma^2) || N(0, prior^2)), in nats. It has the same bits for any number of
// threads.
float weight_divergence(const float* mean, const float* rho, std::size_t count, float prior, ThreadTeam& team);

// The gradients of dkl times this divergence.
void weight_divergence_back(const float* mean, const float* rho, std::size_t count, float prior, float dkl,
                            float* dmean, float* drho, ThreadTeam& team);

}  // namespace sigma
