/*
 * ope - what a policy would have earned, from the log of another
 *
 * reads:  records, or CSV: each row a logged decision, or each group, its rows the candidates
 * writes: estimator value lower upper n effective_n max_weight
 * memory: O(decisions), and the names of the groups
 */
#include "../common/cli.h"
#include "../common/eval/policy.h"
#include "../common/io/columns.h"
#include "../common/io/keys.h"

static struct column group = {.option = "group", .field = "1"};
static struct column propensity = {.option = "propensity", .field = "-3"};
static struct column reward = {.option = "label", .field = "-2"};
static struct column score = {.option = "score", .field = "-1"};
static struct column target = {.option = "target"};
static struct column model = {.option = "model"};
static struct column expected = {.option = "expected"};
static struct column *const columns[] = {&group, &propensity, &reward, &score, &target, &model, &expected};

static struct input in = INPUT_DEFAULTS;
static struct rows rows = {.in = &in};
static int64_t n_bootstrap, seed = 1;
static double constant[POLICY_CONSTANTS] = {INFINITY, NAN, NAN, NAN}; /* NaN: its estimators are not asked for */
static double temperature = NAN, epsilon, level = 0.95, max_reward = 1, max_weight = NAN;
static const char *concentration;
static bool cascade, header, verbose;

static const struct cli_option options[] = {
	ROWS_OPTIONS(rows),
	{'g', "group", "COLUMN", "a unit independent of others, or a decision; in records the first",
	 CLI_TEXT, &group.given, 0, 0},
	{'H', "header", NULL, "print a header", CLI_FLAG, &header, 0, 0},
	{'p', "propensity", "COLUMN", "probability of what was taken; in records the last but two",
	 CLI_TEXT, &propensity.given, 0, 0},
	{'s', "score", "COLUMN", "a candidate's score; in records the last", CLI_TEXT, &score.given, 0, 0},
	{'T', "temperature", "T", "the target policy draws by exp(score / T); else it takes the best",
	 CLI_REAL, &temperature, 1e-9, 1e9},
	{'v', "verbose", NULL, "say on stderr what was read, and the mean weight", CLI_FLAG, &verbose, 0, 0},
	{'y', "label", "COLUMN", "the reward, or ?: not taken; in records the last but one",
	 CLI_TEXT, &reward.given, 0, 0},
	{'\0', "bootstrap", "N", "intervals by drawing groups anew, N times", CLI_INT, &n_bootstrap, 1, 1e7},
	{'\0', "cascade", NULL, "a group is a ranking, place by place: weights multiply down it",
	 CLI_FLAG, &cascade, 0, 0},
	{'\0', "clip", "M", "add estimators whose weights are at most M",
	 CLI_REAL, &constant[POLICY_CLIP], 1e-9, 1e9},
	{'\0', "concentration", "NAME", "intervals true for any n, by hoeffding or bernstein",
	 CLI_TEXT, &concentration, 0, 0},
	{'\0', "epsilon", "E", "the target policy takes any candidate with probability E",
	 CLI_REAL, &epsilon, 0, 1},
	{'\0', "expected", "COLUMN", "mean prediction under the target policy", CLI_TEXT, &expected.given, 0, 0},
	{'\0', "level", "P", "probability that an interval covers", CLI_REAL, &level, 0, 0.999999},
	{'\0', "max-reward", "R", "for --concentration: rewards and predictions are from 0 to R",
	 CLI_REAL, &max_reward, 1e-9, 1e9},
	{'\0', "max-weight", "W", "for --concentration: no weight can be above W",
	 CLI_REAL, &max_weight, 1e-9, 1e9},
	{'\0', "model", "COLUMN", "predicted reward: adds estimators with a model", CLI_TEXT, &model.given, 0, 0},
	{'\0', "seed", "N", "of --bootstrap", CLI_INT, &seed, 0, 9e15},
	{'\0', "shrink", "L", "add estimators whose weights w become Lw / (w^2 + L)",
	 CLI_REAL, &constant[POLICY_SHRINK], 1e-9, 1e18},
	{'\0', "switch", "TAU", "add switch-dr: only the model counts where w > TAU",
	 CLI_REAL, &constant[POLICY_SWITCH], 1e-9, 1e9},
	{'\0', "target", "COLUMN", "the target policy's probability of what was taken; no candidates",
	 CLI_TEXT, &target.given, 0, 0},
	RECORDS_OPTIONS(in),
};

static const struct cli cli = {
	"ope", "what a policy would have earned, from the log of another", "[file ...]",
	options, sizeof options / sizeof *options,
};

static struct writer out;
static struct keys names;                /* of the groups, where there is such a column */
static struct policy_decision *decision; /* owned */
static size_t n_decisions, decision_capacity;
static uint32_t n_groups;

/* With --cascade: the decision of each group that was read last, at the place above. */
static struct policy_decision *above; /* owned */
static size_t above_capacity;

/* Without --target: the candidates of the group in hand. */
static struct policy_candidate *candidate; /* owned */
static bool *never;                        /* owned: the logging policy does not take this candidate */
static size_t n_candidates, candidate_capacity, never_capacity;
static size_t taken;                       /* the place of the one that was taken; SIZE_MAX: none yet */
static double taken_propensity, taken_reward;

/* And where the last row of each group stands. */
static struct stand {
	const char *file;
	uint64_t line;
} *end; /* owned */
static size_t end_capacity;

static size_t n_unsupported; /* decisions in which the target policy takes what the logging policy never does */
static double unsupported;   /* and with what probability, added up */

/* ---- a row ---- */

/* A reward or a prediction. */
static bool
parse_amount(const struct column *c, double *value)
{
	return column_number(c, &rows, value) && (!concentration || (*value >= 0 && *value <= max_reward) ||
	                                          column_refuse(c, &rows, "not within 0 and --max-reward", NULL));
}

/* Propensity and reward of an action that was taken. */
static bool
parse_taken(double *chance, double *gain)
{
	return column_probability(&propensity, &rows, chance) &&
	       (*chance > 0 || column_refuse(&propensity, &rows, "0, and yet it was taken", NULL)) &&
	       (isfinite(1 / *chance) || column_refuse(&propensity, &rows, "too small", NULL)) &&
	       parse_amount(&reward, gain);
}

static void
add_decision(struct policy_decision d)
{
	if (n_decisions == UINT32_MAX)
		die_data("more than %" PRIu32 " decisions", UINT32_MAX);
	if (d.group >= n_groups)
		n_groups = d.group + 1;
	decision = grow(decision, &decision_capacity, n_decisions + 1, sizeof *decision);
	decision[n_decisions++] = d;
}

/* ---- with --target: a row is a decision ---- */

/* With --cascade: a place of a ranking counts as often as all above it come out as they did. */
static struct policy_decision
descend(struct policy_decision d)
{
	if (d.group < n_groups) {
		d.weight *= above[d.group].weight;
		d.target *= above[d.group].target;
	}
	above = grow(above, &above_capacity, (size_t)d.group + 1, sizeof *above);
	return above[d.group] = d;
}

static void
read_decision(void)
{
	struct policy_decision d;
	double chance;

	if (!parse_taken(&chance, &d.reward) || !column_probability(&target, &rows, &d.target) ||
	    !parse_amount(&model, &d.predicted) || !parse_amount(&expected, &d.expected))
		return;
	d.weight = d.target / chance;
	d.group = group.used ? keys_id(&names, column_value(&group, &rows), NULL) : (uint32_t)n_decisions;
	add_decision(cascade ? descend(d) : d);
}

/* ---- without: a row is a candidate, a group a decision ---- */

static void
finish_group(void)
{
	double lost = 0;

	if (taken == SIZE_MAX)
		die_data("%s:%" PRIu64 ": its group ends here, and no candidate was taken: each has ? for a reward",
		         end[n_groups].file, end[n_groups].line);
	if (isnan(temperature))
		policy_greedy(n_candidates, candidate);
	else
		policy_softmax(n_candidates, candidate, temperature);
	policy_explore(n_candidates, candidate, epsilon);
	for (size_t i = 0; i < n_candidates; i++)
		lost += never[i] ? candidate[i].probability : 0;
	unsupported += lost;
	n_unsupported += lost > 0;
	add_decision((struct policy_decision){
		.weight = candidate[taken].probability / taken_propensity, .target = candidate[taken].probability,
		.reward = taken_reward, .predicted = candidate[taken].predicted,
		.expected = policy_expected(n_candidates, candidate), .group = n_groups,
	});
	n_candidates = 0;
}

/* The row in hand is of the group in hand, or the first of a new one, before which that ends. */
static void
enter_group(void)
{
	bool fresh;
	uint32_t id = keys_id(&names, column_value(&group, &rows), &fresh);

	if (!fresh && id + 1 < names.n)
		die_data("%s:%" PRIu64 ": its group ended at %s:%" PRIu64 " (sort first)", in.name, in.line, end[id].file,
		         end[id].line);
	if (fresh && id)
		finish_group();
	if (fresh)
		taken = SIZE_MAX;
	end = grow(end, &end_capacity, names.n, sizeof *end);
	end[id] = (struct stand){in.name, in.line};
}

/* The candidate in hand was taken. False when it was refused. */
static bool
read_taken(void)
{
	if (taken != SIZE_MAX)
		return column_refuse(&reward, &rows, "a second candidate of its group that was taken", NULL);
	taken = n_candidates;
	return parse_taken(&taken_propensity, &taken_reward);
}

static void
read_candidate(void)
{
	struct policy_candidate c;
	double chance = 1;

	enter_group();
	if (!column_number(&score, &rows, &c.score) || !parse_amount(&model, &c.predicted))
		return;
	if (!column_unknown(&reward, &rows)) {
		if (!read_taken())
			return;
	} else if (!column_unknown(&propensity, &rows) && !column_probability(&propensity, &rows, &chance)) {
		return;
	}
	never = grow(never, &never_capacity, n_candidates + 1, sizeof *never);
	never[n_candidates] = chance == 0;
	candidate = grow(candidate, &candidate_capacity, n_candidates + 1, sizeof *candidate);
	candidate[n_candidates++] = c;
}

static void
read_rows(void)
{
	for (bool first = true; rows_next(&rows); first = false) {
		for (size_t i = 0; first && i < sizeof columns / sizeof *columns; i++)
			column_find(columns[i], &rows);
		if (target.used)
			read_decision();
		else
			read_candidate();
	}
	if (n_candidates)
		finish_group();
	if (n_decisions == 0)
		die_data("no records");
	if (concentration && n_groups != n_decisions)
		die_data("--concentration: %zu decisions in %" PRIu32 " groups: those of a group are not independent",
		         n_decisions, n_groups);
}

/* ---- output ---- */

/* Says what makes the figures doubtful. sums is scratch. */
static void
check_weights(struct policy_sums *sums)
{
	static const struct policy_estimator plain = {.weight = policy_full};
	struct policy_estimate made = policy_estimate(&plain, INFINITY, n_decisions, decision, n_groups, sums);
	double error, mean = policy_mean_weight(n_groups, sums, &error), n = (double)n_decisions;

	if (verbose)
		warn("%zu decisions in %" PRIu32 " groups; mean weight %.6g, standard error %.2g", n_decisions, n_groups, mean,
		     error);
	if (made.max_weight > max_weight)
		die_data("the greatest weight is %.9g, above --max-weight", made.max_weight);
	if (fabs(mean - 1) > student_quantile(n_groups - 1.0, 0.99865) * error + 1e-9)
		warn("the mean weight is %.6g, not 1 (standard error %.2g): propensities are wrong, or the target policy takes "
		     "what the logging policy does not", mean, error);
	if (made.effective_n < n / 10)
		warn("%zu decisions weigh as much as %.6g: few tell of the target policy", n_decisions, made.effective_n);
	if (n_unsupported)
		warn("in %zu decisions the target policy takes what has a propensity of 0; in the mean with probability %.6g",
		     n_unsupported, unsupported / n);
}

/* The interval of an estimate; value is scratch, and key the groups', for --bootstrap. */
static struct interval
interval_of(const struct policy_estimator *e, const struct policy_estimate *made, const struct policy_sums *sums,
            double *value, const uint64_t *key)
{
	double span = policy_span(e, constant[e->constant], isnan(max_weight) ? INFINITY : max_weight, max_reward);

	if (n_bootstrap)
		return policy_bootstrap(e, (size_t)n_bootstrap, value, n_groups, sums, key, (uint64_t)seed, level);
	if (!concentration)
		return policy_student(made, n_groups, level);
	return *concentration == 'h' ? policy_hoeffding(made, n_groups, span, level)
	                             : policy_bernstein(made, n_groups, span, level);
}

static void
print_estimate(const char *name, const struct policy_estimate *made, struct interval interval)
{
	writer_text(&out, name);
	writer_figure(&out, made->value);
	writer_figure(&out, interval.lower);
	writer_figure(&out, interval.upper);
	writer_char(&out, '\t');
	writer_whole(&out, n_decisions);
	writer_figure(&out, made->effective_n);
	writer_figure(&out, made->max_weight);
	writer_char(&out, '\n');
}

/* What --bootstrap draws a group by: its name, whatever the order of the input, or its place. */
static uint64_t *
group_keys(void)
{
	uint64_t *key = allocate(n_groups, sizeof *key);

	for (uint32_t g = 0; g < n_groups; g++)
		key[g] = group.used ? XXH3_64bits(keys_text(&names, g).at, keys_text(&names, g).n) : g;
	return key;
}

static void
print_estimates(void)
{
	struct policy_sums *sums = allocate(n_groups, sizeof *sums);
	double *value = allocate((size_t)n_bootstrap, sizeof *value);
	uint64_t *key = group_keys();

	check_weights(sums);
	if (header)
		writer_text(&out, "estimator\tvalue\tlower\tupper\tn\teffective_n\tmax_weight\n");
	for (size_t i = 0; i < POLICY_ESTIMATORS; i++) {
		const struct policy_estimator *e = &policy_estimators[i];
		struct policy_estimate made;

		if (isnan(constant[e->constant]) || (e->model && !model.used))
			continue;
		made = policy_estimate(e, constant[e->constant], n_decisions, decision, n_groups, sums);
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

	for (size_t i = 0; i < n_decisions; i++)
		n += decision[i].weight > limit;
	if (n)
		warn("%zu of %zu weights are above --%s", n, n_decisions, option);
}

static void
check_options(void)
{
	if (target.given && (score.given || !isnan(temperature) || epsilon > 0))
		die_usage("--target: it is the policy: no --score, --temperature, --epsilon");
	if (target.given && !model.given != !expected.given)
		die_usage("--target: --model and --expected go together");
	if (!target.given && (cascade || expected.given))
		die_usage("--%s: goes with --target", cascade ? "cascade" : "expected");
	if (cascade && model.given)
		die_usage("--cascade: there are no estimators with a --model");
	if ((cascade || !target.given) && in.max_bad)
		die_usage("--max-bad: goes with --target only, without --cascade: a group that lacks a row is another one");
	if (!isnan(constant[POLICY_SWITCH]) && !model.given)
		die_usage("--switch: goes with --model");
	if (concentration && strcmp(concentration, "hoeffding") != 0 && strcmp(concentration, "bernstein") != 0)
		die_usage("--concentration: neither hoeffding nor bernstein: \"%.40s\"", concentration);
	if (concentration && n_bootstrap)
		die_usage("--concentration and --bootstrap: one kind of interval");
}

/* In CSV decisions need not have a group: then each is one. */
static void
choose_columns(void)
{
	column_choose(&group, &rows, !target.given || cascade || !rows.csv);
	column_choose(&propensity, &rows, true);
	column_choose(&reward, &rows, true);
	column_choose(&score, &rows, !target.given);
	column_choose(&target, &rows, true);
	column_choose(&model, &rows, true);
	column_choose(&expected, &rows, true);
}

static void
free_all(void)
{
	free(decision);
	free(above);
	free(candidate);
	free(never);
	free(end);
	keys_free(&names);
	rows_free(&rows);
}

int
main(int argc, char **argv)
{
	int first = cli_parse(&cli, argc, argv);

	check_options();
	rows_open(&rows, &in);
	choose_columns();
	writer_init(&out, STDOUT_FILENO, "stdout");
	input_open(&in, argc, argv, first, &out);
	read_rows();
	print_estimates();
	count_above("clip", constant[POLICY_CLIP]);
	count_above("switch", constant[POLICY_SWITCH]);
	free_all();
	input_close(&in);
	writer_close(&out);
	return 0;
}
