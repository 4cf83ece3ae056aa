/*
 * simulate - click logs of a source and a target domain from a known ground truth
 *
 * reads:  nothing
 * writes: CSV with a header, one row per impression; --truth adds the true click probability
 * memory: O(users + items), whatever the number of impressions
 *
 * The truth is log-linear: the logit of a click is the sum of the effects below. Every effect and every event is
 * a function of the seed and of what it belongs to, so a longer log begins with the shorter one, and both domains
 * of a seed tell of one world.
 */
#include "../common/cli.h"
#include "../common/io/line.h"
#include "../common/num/random.h"

static int64_t n_impressions = 100000, n_users = 200000, n_items = 50000, n_categories = 40, n_devices = 4;
static int64_t seed = 1;
static double shift = 0.05;
static const char *domain = "source";
static bool with_truth;

static const struct cli_option options[] = {
	{'n', "impressions", "N", "rows to write", CLI_INT, &n_impressions, 0, 9e15},
	{'\0', "categories", "N", "categories of items", CLI_INT, &n_categories, 1, 1e6},
	{'\0', "devices", "N", "devices of users", CLI_INT, &n_devices, 1, 1e6},
	{'\0', "domain", "NAME", "source or target", CLI_TEXT, &domain, 0, 0},
	{'\0', "items", "N", "items, the same in both domains", CLI_INT, &n_items, 10, 1e9},
	{'\0', "seed", "N", "number of the world", CLI_INT, &seed, 0, 9e15},
	{'\0', "shift", "VARIANCE", "of what the target adds to each effect it shares with the source", CLI_REAL, &shift, 0, 100},
	{'\0', "truth", NULL, "add the column truth: the probability of the click", CLI_FLAG, &with_truth, 0, 0},
	{'\0', "users", "N", "users of the domain", CLI_INT, &n_users, 1, 1e9},
};

static const struct cli cli = {
	"simulate", "click logs of a source and a target domain from a known ground truth", "",
	options, sizeof options / sizeof *options,
};

/* What makes up the logit. From USER on the effects belong to people, whom the domains do not share. */
enum effect {
	BASE, ITEM, POSITION, CATEGORY, DEVICE, HOUR, PRICE, CATEGORY_DEVICE, CATEGORY_HOUR, USER, USER_CATEGORY, N_EFFECTS
};

/* Standard deviations of the source's effects: with them CTR is near 0.08, and good models differ by little. */
static const double effect_sd[N_EFFECTS] = {
	[ITEM] = 0.75, [POSITION] = 0.05, [CATEGORY] = 0.8, [DEVICE] = 0.3, [HOUR] = 0.2, [CATEGORY_DEVICE] = 0.4,
	[CATEGORY_HOUR] = 0.3, [USER] = 1, [USER_CATEGORY] = 0.45,
};

/* Means of effects, where they are not 0: of the logit, per ln(position), per ln(1 + price) - price_mean. */
static const double base = -2.86, position_slope = -0.3, price_slope = -0.25;
static const double price_mean = 3, price_sd = 0.8; /* of ln(price) */

/* Seeds of the draws that are not effects; the target's are TARGET further on. */
enum stream { EVENTS = N_EFFECTS, ITEM_CATEGORY, ITEM_PRICE, TARGET = 32 };

enum { LEAST_SHOWN = 3, MOST_SHOWN = 10, HOURS = 24, START = 1767225600, REQUEST_SECONDS = 10 };

static const double user_zipf = 0.9, item_zipf = 1.0;

/* Ranks 0..n-1, rank r drawn in proportion to (r + 1)^-s. */
struct zipf {
	double *upto; /* owned: upto[r] is the weight of ranks 0..r */
	size_t n;
};

struct item {
	uint32_t category;
	uint32_t cents;
	double logit; /* of item, category and price */
};

struct world {
	bool target;
	struct zipf users, items;
	struct item *item;           /* owned: [items] */
	double position[MOST_SHOWN]; /* logit of each */
};

/* Random numbers of one request, one after the other. */
struct draws {
	uint64_t seed, key;
};

struct request {
	uint64_t number; /* from 0 */
	size_t user, device, hour;
	size_t n, item[MOST_SHOWN];
	double logit; /* of base, user, device and hour */
};

static double
draw(struct draws *d)
{
	return random_uniform(d->seed, d->key++);
}

static size_t
draw_below(struct draws *d, size_t n)
{
	return (size_t)(draw(d) * (double)n);
}

static void
zipf_init(struct zipf *z, size_t n, double s)
{
	double sum = 0;

	z->upto = allocate(n, sizeof *z->upto);
	z->n = n;
	for (size_t r = 0; r < n; r++)
		z->upto[r] = sum += math_exp(-s * math_log((double)r + 1));
}

/* The rank that u in (0, 1) falls on. */
static size_t
zipf_rank(const struct zipf *z, double u)
{
	return random_weighted(z->n, z->upto, u);
}

/* The draw of N(0, 1) that belongs to (stream, key), in the source or in the target. */
static double
normal_of(uint64_t stream, uint64_t key)
{
	return random_normal(random_bits((uint64_t)seed, stream), key);
}

/*
 * An effect without its mean: the source's, and in the target the same plus N(0, shift); the target's people are others,
 * and their effects too.
 */
static double
effect_of(const struct world *w, enum effect e, uint64_t key)
{
	if (!w->target)
		return effect_sd[e] * normal_of(e, key);
	if (e >= USER)
		return effect_sd[e] * normal_of(TARGET + e, key);
	return effect_sd[e] * normal_of(e, key) + sqrt(shift) * normal_of(TARGET + e, key);
}

static void
item_init(struct item *item, const struct world *w, size_t i)
{
	double price = math_exp(price_mean + price_sd * normal_of(ITEM_PRICE, i));

	item->category = (uint32_t)(random_bits(random_bits((uint64_t)seed, ITEM_CATEGORY), i) % (uint64_t)n_categories);
	item->cents = (uint32_t)(100 * price + 0.5);
	item->logit = effect_of(w, ITEM, i) + effect_of(w, CATEGORY, item->category) +
	              (price_slope + effect_of(w, PRICE, 0)) * (math_log1p(item->cents / 100.0) - price_mean);
}

static void
world_init(struct world *w)
{
	w->target = strcmp(domain, "target") == 0;
	zipf_init(&w->users, (size_t)n_users, user_zipf);
	zipf_init(&w->items, (size_t)n_items, item_zipf);
	w->item = allocate((size_t)n_items, sizeof *w->item);
	for (size_t i = 0; i < (size_t)n_items; i++)
		item_init(&w->item[i], w, i);
	for (size_t i = 0; i < MOST_SHOWN; i++)
		w->position[i] = position_slope * math_log((double)i + 1) + effect_of(w, POSITION, i);
}

static void
world_free(struct world *w)
{
	free(w->users.upto);
	free(w->items.upto);
	free(w->item);
}

/* n different items, each new one drawn by popularity, then shuffled: every order is as likely as any other. */
static void
request_items(struct request *r, const struct world *w, struct draws *d)
{
	for (size_t n = 0; n < r->n;) {
		size_t item = zipf_rank(&w->items, draw(d)), i = 0;

		while (i < n && r->item[i] != item)
			i++;
		if (i == n)
			r->item[n++] = item;
	}
	for (size_t n = r->n; n > 1; n--) {
		size_t i = draw_below(d, n), item = r->item[i];

		r->item[i] = r->item[n - 1];
		r->item[n - 1] = item;
	}
}

static void
request_draw(struct request *r, const struct world *w, struct draws *d)
{
	r->user = zipf_rank(&w->users, draw(d));
	r->device = draw_below(d, (size_t)n_devices);
	r->hour = draw_below(d, HOURS);
	r->n = LEAST_SHOWN + draw_below(d, MOST_SHOWN - LEAST_SHOWN + 1);
	request_items(r, w, d);
	r->logit = base + effect_of(w, BASE, 0) + effect_of(w, USER, r->user) + effect_of(w, DEVICE, r->device) +
	           effect_of(w, HOUR, r->hour);
}

/* The true probability of a click on what is shown at a position, from 0. */
static double
click_probability(const struct request *r, const struct world *w, size_t position)
{
	const struct item *item = &w->item[r->item[position]];
	uint64_t category = item->category;

	return math_sigmoid(r->logit + item->logit + w->position[position] +
	                    effect_of(w, USER_CATEGORY, r->user * (uint64_t)n_categories + category) +
	                    effect_of(w, CATEGORY_DEVICE, category * (uint64_t)n_devices + r->device) +
	                    effect_of(w, CATEGORY_HOUR, category * HOURS + r->hour));
}

static void
put_column(struct writer *out, uint64_t value)
{
	writer_whole(out, value);
	writer_char(out, ',');
}

static void
impression_write(struct writer *out, const struct request *r, const struct world *w, size_t position, struct draws *d)
{
	const struct item *item = &w->item[r->item[position]];
	double p = click_probability(r, w, position);
	bool clicked = draw(d) < p;

	put_column(out, START + REQUEST_SECONDS * r->number);
	put_column(out, r->number + 1);
	writer_char(out, w->target ? 't' : 's');
	put_column(out, r->user + 1);
	put_column(out, r->item[position] + 1);
	put_column(out, position + 1);
	put_column(out, item->category + 1);
	put_column(out, r->device + 1);
	put_column(out, r->hour);
	writer_whole(out, item->cents / 100);
	writer_char(out, '.');
	writer_whole(out, item->cents / 10 % 10);
	put_column(out, item->cents % 10);
	writer_char(out, clicked ? '1' : '0');
	if (with_truth) {
		writer_char(out, ',');
		writer_number(out, p);
	}
	writer_char(out, '\n');
}

/* Request after request until n impressions are written; the last request may be cut short. */
static void
log_write(struct writer *out, const struct world *w, uint64_t n)
{
	uint64_t events = random_bits((uint64_t)seed, EVENTS + (w->target ? TARGET : 0));
	struct request r = {0};

	writer_text(out, "ts,request,user,item,position,category,device,hour,price,clicked");
	writer_text(out, with_truth ? ",truth\n" : "\n");
	for (uint64_t written = 0; written < n; r.number++) {
		struct draws d = {events, r.number << 16};

		request_draw(&r, w, &d);
		for (size_t i = 0; i < r.n && written < n; i++, written++)
			impression_write(out, &r, w, i, &d);
	}
}

int
main(int argc, char **argv)
{
	struct writer out;
	struct world w;

	if (cli_parse(&cli, argc, argv) < argc)
		die_usage("takes no operand");
	if (strcmp(domain, "source") != 0 && strcmp(domain, "target") != 0)
		die_usage("--domain: neither source nor target: \"%.40s\"", domain);
	writer_init(&out, STDOUT_FILENO, "stdout");
	world_init(&w);
	log_write(&out, &w, (uint64_t)n_impressions);
	world_free(&w);
	writer_close(&out);
	return 0;
}
