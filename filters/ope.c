/*
 * ope - what a policy would have earned, from the log of another
 *
 * reads:  records, or CSV: each row a logged decision, or each group, its rows the candidates
 * writes: estimator value lower upper n effective_n max_weight
 * memory: O(decisions), and the names of the groups
 */
#include "../common/cli.h"
#include "../common/eval/decisions.h"

static struct input in = INPUT_DEFAULTS;
static struct decisions logged = DECISIONS_DEFAULTS;
static int64_t n_draws, seed = 1;
static double constant[POLICY_CONSTANTS] = {INFINITY, NAN, NAN, NAN}; /* NaN: its estimators are not asked for */
static double level = 0.95, max_reward = 1, max_weight = NAN;
static const char *concentration;
static bool header, verbose;

static const struct cli_option options[] = {
	ROWS_OPTIONS(logged.rows),
	{'g', "group", "COLUMN", "a unit independent of others, or a decision; in records the first",
	 CLI_TEXT, &logged.group.given, 0, 0},
	{'H', "header", NULL, "print a header", CLI_FLAG, &header, 0, 0},
	{'p', "propensity", "COLUMN", "probability of what was taken; in records the last but two",
	 CLI_TEXT, &logged.propensity.given, 0, 0},
	{'s', "score", "COLUMN", "a candidate's score; in records the last", CLI_TEXT, &logged.score.given, 0, 0},
	{'T', "temperature", "T", "the target policy draws by exp(score / T); else it takes the best",
	 CLI_REAL, &logged.temperature, 1e-9, 1e9},
	{'v', "verbose", NULL, "say on stderr what was read, and the mean weight", CLI_FLAG, &verbose, 0, 0},
	{'y', "label", "COLUMN", "the reward, or ?: not taken; in records the last but one",
	 CLI_TEXT, &logged.reward.given, 0, 0},
	{'\0', "cascade", NULL, "a group is a ranking, place by place: weights multiply down it",
	 CLI_FLAG, &logged.cascade, 0, 0},
	{'\0', "clip", "M", "add estimators whose weights are at most M",
	 CLI_REAL, &constant[POLICY_CLIP], 1e-9, 1e9},
	{'\0', "concentration", "NAME", "intervals true for any n, by hoeffding or bernstein",
	 CLI_TEXT, &concentration, 0, 0},
	{'\0', "draws", "N", "intervals by drawing groups anew, N times", CLI_INT, &n_draws, 1, 1e7},
	{'\0', "epsilon", "E", "the target policy takes any candidate with probability E",
	 CLI_REAL, &logged.epsilon, 0, 1},
	{'\0', "expected", "COLUMN", "mean prediction under the target policy", CLI_TEXT, &logged.expected.given, 0, 0},
	{'\0', "level", "P", "probability that an interval covers", CLI_REAL, &level, 0, 0.999999},
	{'\0', "max-reward", "R", "for --concentration: rewards and predictions are from 0 to R",
	 CLI_REAL, &max_reward, 1e-9, 1e9},
	{'\0', "max-weight", "W", "for --concentration: no weight can be above W",
	 CLI_REAL, &max_weight, 1e-9, 1e9},
	{'\0', "predicted", "COLUMN", "predicted reward: adds estimators with a model", CLI_TEXT, &logged.model.given, 0, 0},
	{'\0', "seed", "N", "of --draws", CLI_INT, &seed, 0, 9e15},
	{'\0', "shrink", "L", "add estimators whose weights w become Lw / (w^2 + L)",
	 CLI_REAL, &constant[POLICY_SHRINK], 1e-9, 1e18},
	{'\0', "switch", "TAU", "add switch-dr: only the model counts where w > TAU",
	 CLI_REAL, &constant[POLICY_SWITCH], 1e-9, 1e9},
	{'\0', "target", "COLUMN", "the target policy's probability of what was taken; no candidates",
	 CLI_TEXT, &logged.target.given, 0, 0},
	RECORDS_OPTIONS(in),
};

static const struct cli cli = {
	"ope", "what a policy would have earned, from the log of another", "[file ...]",
	options, sizeof options / sizeof *options,
};

static struct writer out;

static void
read_all(void)
{
	if (concentration)
		logged.most = max_reward;
	decisions_read(&logged);
	if (concentration && logged.n_groups != logged.n)
		die_data("--concentration: %zu decisions in %" PRIu32 " groups: those of a group are not independent",
		         logged.n, logged.n_groups);
}

/* ---- output ---- */

/* Says what makes the figures doubtful. sums is scratch. */
static void
check_weights(struct policy_sums *sums)
{
	static const struct policy_estimator plain = {.weight = policy_full};
	struct policy_estimate made = policy_estimate(&plain, INFINITY, logged.n, logged.decision, logged.n_groups, sums);
	double error, mean = policy_mean_weight(logged.n_groups, sums, &error), n = (double)logged.n;

	if (verbose)
		warn("%zu decisions in %" PRIu32 " groups; mean weight %.6g, standard error %.2g",
		     logged.n, logged.n_groups, mean, error);
	if (made.max_weight > max_weight)
		die_data("the greatest weight is %.9g, above --max-weight", made.max_weight);
	if (fabs(mean - 1) > student_quantile(logged.n_groups - 1.0, 0.99865) * error + 1e-9)
		warn("the mean weight is %.6g, not 1 (standard error %.2g): propensities are wrong, or the target policy "
		     "takes what the logging policy does not", mean, error);
	if (made.effective_n < n / 10)
		warn("%zu decisions weigh as much as %.6g: few tell of the target policy", logged.n, made.effective_n);
	if (logged.n_unsupported)
		warn("in %zu decisions the target policy takes what has a propensity of 0; "
		     "in the mean with probability %.6g",
		     logged.n_unsupported, logged.unsupported / n);
}

/* The interval of an estimate; value is scratch, and key the groups', for --draws. */
static struct interval
interval_of(const struct policy_estimator *e, const struct policy_estimate *made, const struct policy_sums *sums,
            double *value, const uint64_t *key)
{
	double span = policy_span(e, constant[e->constant], isnan(max_weight) ? INFINITY : max_weight, max_reward);

	if (n_draws)
		return policy_bootstrap(e, (size_t)n_draws, value, logged.n_groups, sums, key, (uint64_t)seed, level);
	if (!concentration)
		return policy_student(made, logged.n_groups, level);
	return *concentration == 'h' ? policy_hoeffding(made, logged.n_groups, span, level)
	                             : policy_bernstein(made, logged.n_groups, span, level);
}

static void
print_estimate(const char *name, const struct policy_estimate *made, struct interval interval)
{
	writer_text(&out, name);
	writer_figure(&out, made->value);
	writer_figure(&out, interval.lower);
	writer_figure(&out, interval.upper);
	writer_char(&out, '\t');
	writer_whole(&out, logged.n);
	writer_figure(&out, made->effective_n);
	writer_figure(&out, made->max_weight);
	writer_char(&out, '\n');
}

static void
print_estimates(void)
{
	struct policy_sums *sums = allocate(logged.n_groups, sizeof *sums);
	double *value = allocate((size_t)n_draws, sizeof *value);
	uint64_t *key = decisions_group_keys(&logged);

	check_weights(sums);
	if (header)
		writer_text(&out, "estimator\tvalue\tlower\tupper\tn\teffective_n\tmax_weight\n");
	for (size_t i = 0; i < POLICY_ESTIMATORS; i++) {
		const struct policy_estimator *e = &policy_estimators[i];
		struct policy_estimate made;

		if (isnan(constant[e->constant]) || (e->model && !logged.model.used))
			continue;
		made = policy_estimate(e, constant[e->constant], logged.n, logged.decision, logged.n_groups, sums);
		if (isfinite(made.value))
			print_estimate(e->name, &made, interval_of(e, &made, sums, value, key));
		else if (made.max_weight == 0)
			warn("%s: has no value: the target policy takes nothing that was taken", e->name);
		else
			die_data("%s: the sum overflows", e->name);
	}
	free(sums);
	free(value);
	free(key);
}

/* Says how many weights a constant has changed. */
static void
count_above(const char *option, double limit)
{
	size_t n = 0;

	for (size_t i = 0; i < logged.n; i++)
		n += logged.decision[i].weight > limit;
	if (n)
		warn("%zu of %zu weights are above --%s", n, logged.n, option);
}

static void
check_options(void)
{
	if (logged.target.given && (logged.score.given || !isnan(logged.temperature) || logged.epsilon > 0))
		die_usage("--target: it is the policy: no --score, --temperature, --epsilon");
	if (logged.target.given && !logged.model.given != !logged.expected.given)
		die_usage("--target: --predicted and --expected go together");
	if (!logged.target.given && (logged.cascade || logged.expected.given))
		die_usage("--%s: goes with --target", logged.cascade ? "cascade" : "expected");
	if (logged.cascade && logged.model.given)
		die_usage("--cascade: there are no estimators with a model (--predicted)");
	if ((logged.cascade || !logged.target.given) && in.max_bad)
		die_usage("--max-bad: goes with --target only, without --cascade: a group that lacks a row is another one");
	if (!isnan(constant[POLICY_SWITCH]) && !logged.model.given)
		die_usage("--switch: goes with --predicted");
	if (concentration && strcmp(concentration, "hoeffding") != 0 && strcmp(concentration, "bernstein") != 0)
		die_usage("--concentration: neither hoeffding nor bernstein: \"%.40s\"", concentration);
	if (concentration && n_draws)
		die_usage("--concentration and --draws: one kind of interval");
}

int
main(int argc, char **argv)
{
	int first = cli_parse(&cli, argc, argv);

	check_options();
	rows_open(&logged.rows, &in);
	decisions_choose_columns(&logged);
	writer_init(&out, STDOUT_FILENO, "stdout");
	input_open(&in, argc, argv, first, &out);
	read_all();
	print_estimates();
	count_above("clip", constant[POLICY_CLIP]);
	count_above("switch", constant[POLICY_SWITCH]);
	decisions_free(&logged);
	input_close(&in);
	writer_close(&out);
	return 0;
}
