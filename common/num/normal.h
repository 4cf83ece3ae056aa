/*
 * normal.h - quantiles and tails of the standard normal distribution.
 */
#ifndef WEIR_NORMAL_H
#define WEIR_NORMAL_H

#include "math.h"

/* c[0] + c[1] x + ... + c[7] x^7 */
static inline double
normal_polynomial(const double c[8], double x)
{
	double y = c[7];

	for (int i = 6; i >= 0; i--)
		y = y * x + c[i];
	return y;
}

/*
 * The x that a standard normal variable stays below with probability p: -infinity for 0, infinity for 1, NaN
 * outside. Relative error below 1e-15. Wichura 1988, algorithm AS 241 (PPND16).
 */
static inline double
normal_quantile(double p)
{
	static const double centre[2][8] = {
		{3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3,
		 1.3731693765509461125e4, 4.5921953931549871457e4, 6.7265770927008700853e4,
		 3.3430575583588128105e4, 2.5090809287301226727e3},
		{1, 4.2313330701600911252e1, 6.8718700749205790830e2, 5.3941960214247511077e3,
		 2.1213794301586595867e4, 3.9307895800092710610e4, 2.8729085735721942674e4,
		 5.2264952788528545610e3},
	};
	static const double middle[2][8] = {
		{1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0,
		 3.64784832476320460504e0, 1.27045825245236838258e0, 2.41780725177450611770e-1,
		 2.27238449892691845833e-2, 7.74545014278341407640e-4},
		{1, 2.05319162663775882187e0, 1.67638483018380384940e0, 6.89767334985100004550e-1,
		 1.48103976427480074590e-1, 1.51986665636164571966e-2, 5.47593808499534494600e-4,
		 1.05075007164441684324e-9},
	};
	static const double tail[2][8] = {
		{6.65790464350110377720e0, 5.46378491116411436990e0, 1.78482653991729133580e0,
		 2.96560571828504891230e-1, 2.65321895265761230930e-2, 1.24266094738807843860e-3,
		 2.71155556874348757815e-5, 2.01033439929228813265e-7},
		{1, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2,
		 7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7,
		 2.04426310338993978564e-15},
	};
	double q = p - 0.5, r, x;

	if (!(p > 0 && p < 1))
		return p == 0 ? -INFINITY : p == 1 ? INFINITY : NAN;
	if (fabs(q) <= 0.425) {
		r = 0.180625 - q * q;
		return q * normal_polynomial(centre[0], r) / normal_polynomial(centre[1], r);
	}
	r = sqrt(-math_log(q < 0 ? p : 1 - p));
	if (r <= 5)
		x = normal_polynomial(middle[0], r - 1.6) / normal_polynomial(middle[1], r - 1.6);
	else
		x = normal_polynomial(tail[0], r - 5) / normal_polynomial(tail[1], r - 5);
	return q < 0 ? -x : x;
}

/*
 * The probability that a standard normal variable exceeds x. Relative error below 1e-13 for x > 0. The series about
 * 0, x + x^3/3 + x^5/(3 5) + ..., times the density (Marsaglia 2004); far out Laplace's continued fraction.
 */
static inline double
normal_tail(double x)
{
	double density = math_exp(-x * x / 2) * 0.39894228040143267794, term = x, sum = x, below = 0;

	if (x < 0)
		return 1 - normal_tail(-x);
	if (x < 2.5) {
		for (int k = 3; term > 1e-17 * sum; k += 2)
			sum += term *= x * x / k;
		return 0.5 - density * sum;
	}
	for (int k = 60; k; k--)
		below = k / (x + below);
	return density / (x + below);
}

#endif
