/*
 * random.h - random numbers as a function of (seed, key).
 *
 * There is no state: what a key draws does not depend on order, threads or shards. Keys are counters or hashes;
 * both are mixed well, so 0, 1, 2... are as good as any.
 */
#ifndef WEIR_RANDOM_H
#define WEIR_RANDOM_H

#include "math.h"

/* The finaliser of SplitMix64 (Steele, Lea and Flood 2014; constants: Stafford's Mix13): a bijection. */
static inline uint64_t
random_mix(uint64_t z)
{
	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* 64 random bits. */
static inline uint64_t
random_bits(uint64_t seed, uint64_t key)
{
	return random_mix(random_mix(seed + UINT64_C(0x9e3779b97f4a7c15)) ^ random_mix(key + UINT64_C(0xd1b54a32d192ed03)));
}

/* Uniform on (0, 1), both ends left out. */
static inline double
random_uniform(uint64_t seed, uint64_t key)
{
	return ((double)(random_bits(seed, key) >> 12) + 0.5) * 0x1p-52;
}

/*
 * The quantile of the standard normal distribution at p in (0, 1), relative error below 1e-15 in theory
 * (Wichura 1988, algorithm AS 241, PPND16).
 */
static inline double
normal_quantile(double p)
{
	double q = p - 0.5, r;

	if (fabs(q) <= 0.425) {
		r = 0.180625 - q * q;
		return q * (((((((2.5090809287301226727e3 * r + 3.3430575583588128105e4) * r + 6.7265770927008700853e4) * r +
		                4.5921953931549871457e4) * r + 1.3731693765509461125e4) * r + 1.9715909503065514427e3) * r +
		             1.3314166789178437745e2) * r + 3.3871328727963666080e0) /
		       (((((((5.2264952788528545610e3 * r + 2.8729085735721942674e4) * r + 3.9307895800092710610e4) * r +
		            2.1213794301586595867e4) * r + 5.3941960214247511077e3) * r + 6.8718700749205790830e2) * r +
		         4.2313330701600911252e1) * r + 1);
	}
	r = sqrt(-math_log(q < 0 ? p : 1 - p));
	if (r <= 5) {
		r -= 1.6;
		r = (((((((7.74545014278341407640e-4 * r + 2.27238449892691845833e-2) * r + 2.41780725177450611770e-1) * r +
		         1.27045825245236838258e0) * r + 3.64784832476320460504e0) * r + 5.76949722146069140550e0) * r +
		      4.63033784615654529590e0) * r + 1.42343711074968357734e0) /
		    (((((((1.05075007164441684324e-9 * r + 5.47593808499534494600e-4) * r + 1.51986665636164571966e-2) * r +
		         1.48103976427480074590e-1) * r + 6.89767334985100004550e-1) * r + 1.67638483018380384940e0) * r +
		      2.05319162663775882187e0) * r + 1);
	} else {
		r -= 5;
		r = (((((((2.01033439929228813265e-7 * r + 2.71155556874348757815e-5) * r + 1.24266094738807843860e-3) * r +
		         2.65321895265761230930e-2) * r + 2.96560571828504891230e-1) * r + 1.78482653991729133580e0) * r +
		      5.46378491116411436990e0) * r + 6.65790464350110377720e0) /
		    (((((((2.04426310338993978564e-15 * r + 1.42151175831644588870e-7) * r + 1.84631831751005468180e-5) * r +
		         7.86869131145613259100e-4) * r + 1.48753612908506148525e-2) * r + 1.36929880922735805310e-1) * r +
		      5.99832206555887937690e-1) * r + 1);
	}
	return q < 0 ? -r : r;
}

/* A draw of N(0, 1). */
static inline double
random_normal(uint64_t seed, uint64_t key)
{
	return normal_quantile(random_uniform(seed, key));
}

/*
 * Where place i of 0..n-1 goes in a random order: a permutation without a table. A Feistel network permutes the
 * smallest power of four that holds n; places that fall outside go round again (cycle walking: Black and Rogaway
 * 2002). Of eight rounds no bias is seen, even for a handful of places; of four it is.
 */
static inline uint64_t
random_place(uint64_t seed, uint64_t i, uint64_t n)
{
	unsigned half = 1;
	uint64_t mask;

	while (half < 32 && (uint64_t)1 << 2 * half < n)
		half++;
	mask = ((uint64_t)1 << half) - 1;
	do {
		uint64_t left = i >> half, right = i & mask;

		for (uint64_t round = 0; round < 8; round++) {
			uint64_t next = left ^ (random_bits(seed + round, right) & mask);

			left = right;
			right = next;
		}
		i = left << half | right;
	} while (i >= n);
	return i;
}

#endif
