/*
 * interval.h - quantiles of the normal and of Student's t, and the intervals that stand on them.
 *
 * Letters: n observations, k of them positive, z and t the quantile at (1 + level) / 2, where level is the
 * probability that the interval covers the truth (0.95).
 */
#ifndef WEIR_INTERVAL_H
#define WEIR_INTERVAL_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>

#include "../num/math.h"

struct interval {
	double lower, upper;
};

/* c[0] + c[1] x + ... + c[7] x^7 */
static inline double
interval_polynomial(const double c[8], double x)
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
		return q * interval_polynomial(centre[0], r) / interval_polynomial(centre[1], r);
	}
	r = sqrt(-math_log(q < 0 ? p : 1 - p));
	if (r <= 5)
		x = interval_polynomial(middle[0], r - 1.6) / interval_polynomial(middle[1], r - 1.6);
	else
		x = interval_polynomial(tail[0], r - 5) / interval_polynomial(tail[1], r - 5);
	return q < 0 ? -x : x;
}

/*
 * Gamma(x + 1/2) / Gamma(x) for x > 0, relative error below 1e-14: Stirling's series for the logarithm from 20 on,
 * and the recurrence Gamma(x + 1) = x Gamma(x) below it.
 */
static inline double
gamma_half_ratio(double x)
{
	double factor = 1, u;

	for (; x < 20; x++)
		factor *= x / (x + 0.5);
	u = 1 / (x * x);
	return factor * sqrt(x) * math_exp((-1.0 / 8 + u * (1.0 / 192 + u * (-1.0 / 640 + u * 17 / 14336))) / x);
}

/*
 * Density of w, up to its constant, where t = 2w sqrt(df) / (1 - w^2) has Student's distribution: on w in [0, 1)
 * it is smooth for any df, from an arc of a circle (df 1) to a Gaussian bell (df large).
 */
static inline double
student_density(double df, double w)
{
	return math_exp((df - 1) * math_log1p(-w * w) - df * math_log1p(w * w));
}

/*
 * The t that Student's variable with df >= 1 degrees of freedom stays below with probability p in (0, 1);
 * df need not be whole; NaN outside. Relative error below 1e-14 + 2e-15 / min(p, 1 - p).
 *
 * Newton's method for P(|T| < t) = |2p - 1| in w. The density falls in w, so from 0 the steps come to the root
 * from one side; each adds the integral over itself, a ten-point Gauss-Legendre sum.
 */
static inline double
student_quantile(double df, double p)
{
	static const double node[] = {0.14887433898163121088, 0.43339539412924719080, 0.67940956829902440623,
	                              0.86506336668898451073, 0.97390652851717172008};
	static const double weight[] = {0.29552422471475287017, 0.26926671930999635509, 0.21908636251598204400,
	                                0.14945134915058059315, 0.06667134430868813759};
	double left = fabs(2 * p - 1), w = 0, step, constant, t;

	if (!(df >= 1 && p > 0 && p < 1))
		return NAN;
	constant = 4 * gamma_half_ratio(df / 2) / sqrt(MATH_PI);
	for (int i = 0; i < 200; i++) {
		double sum = 0;

		step = left / (constant * student_density(df, w));
		if (!(step > 1e-17 * w) || w + step >= 1)
			break;
		for (size_t j = 0; j < 5; j++)
			sum += weight[j] * (student_density(df, w + step / 2 * (1 - node[j])) +
			                    student_density(df, w + step / 2 * (1 + node[j])));
		left -= constant * step / 2 * sum;
		w += step;
	}
	t = 2 * w * sqrt(df) / ((1 - w) * (1 + w));
	return p < 0.5 ? -t : t;
}

/*
 * Wilson's score interval for the proportion k / n, within [0, 1]; n = 0 gives [0, 1].
 * (2k + z^2 -+ z sqrt(z^2 + 4k(1 - k/n))) / (2(n + z^2)): Wilson 1927.
 */
static inline struct interval
wilson_interval(uint64_t n, uint64_t k, double z)
{
	double count = (double)n, positive = (double)k, negative = (double)(n - k);
	double middle = 2 * positive + z * z, root, scale = 2 * (count + z * z);

	if (n == 0)
		return (struct interval){0, 1};
	root = z * sqrt(z * z + 4 * positive * (negative / count));
	return (struct interval){(middle - root) / scale, k == n ? 1 : (middle + root) / scale};
}

/*
 * Student's interval for the mean of a population, from the mean of n observations and their variance (divided
 * by n - 1): mean -+ t sqrt(variance / n), t with n - 1 degrees of freedom (Student 1908). n < 2 gives
 * [-infinity, infinity]: one observation does not say how far they scatter.
 */
static inline struct interval
mean_interval(uint64_t n, double mean, double variance, double level)
{
	double half;

	if (n < 2)
		return (struct interval){-INFINITY, INFINITY};
	half = student_quantile((double)(n - 1), (1 + level) / 2) * sqrt(variance / (double)n);
	return (struct interval){mean - half, mean + half};
}

#endif
