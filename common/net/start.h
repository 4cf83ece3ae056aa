/*
 * start.h - how a target's model starts from a source's: what the options of finetune say of it.
 */
#ifndef WEIR_START_H
#define WEIR_START_H

#include "learn.h"

/* How a net starts. */
enum way { WAY_FULL, WAY_FROZEN, WAY_FASTER, WAY_SCRATCH, WAYS };
static const char *const way_names[WAYS] = {"full", "frozen body", "frozen body, 30 times the rate", "scratch"};

/* How much faster: a layer alone, on few inputs, wants far greater steps than a net (adam: 0.03). */
static const double way_faster = 30;

/* The variance of the shift between domains of which nothing is known. */
static const double start_usual_shift = 0.01;

struct start {
	/* set by the options table; NAN, NULL and below 0 are what is not said */
	const char *append, *head;  /* layers on top of the source, in the place of its last */
	const char *freeze;         /* names of tensors or layers */
	const char *experts;        /* file of the experts of a mixture */
	const char *origin;         /* the source of a resumed model with a prior */
	double shift, strength, layer_rate; /* variance between the domains; of the prior; of a layer to the one above */
	double fresh;               /* of beliefs new to the source: how many times as wide as fresh */
	int64_t unfreeze;           /* records from a layer's waking to the next */
	bool warm, adaptive, blend, fisher, mapped;
};

#define START_DEFAULTS {.shift = NAN, .strength = NAN, .layer_rate = NAN, .fresh = NAN, .unfreeze = -1}

/* The target's architecture: the source's, with the layers that --append or --head names. */
static inline struct arch
start_architecture(const struct start *s, const struct net *source)
{
	struct arch arch = source->arch;
	struct arch_fault fault;
	const char *layers = s->append ? s->append : s->head;

	if (s->head && --arch.n < 2)
		die_usage("--head: nothing of the source would be left; pretrain learns from scratch");
	if (layers && !arch_append(&arch, layers, &fault))
		die_usage("--%s: %s: \"%.*s\"", s->append ? "append" : "head", fault.rule, (int)fault.word.n, fault.word.at);
	return arch;
}

/* Freezes what --freeze names. */
static inline void
start_freeze(const struct start *s, struct tensors *table)
{
	const char *part;

	if (!s->freeze || tensors_freeze(table, s->freeze, &part))
		return;
	for (size_t i = 0; i < table->n; i++)
		warn("tensor \"%s\"", table->tensor[i].name);
	die_usage("--freeze: none of the tensors above: \"%.*s\"", (int)strcspn(part, ","), part);
}

/* Freezes and slows what the options say. */
static inline void
start_restrain(const struct start *s, struct net *net)
{
	start_freeze(s, &net->table);
	if (isnan(s->layer_rate) && s->unfreeze < 0)
		return;
	if (net->beliefs || transfer_pace(net, isnan(s->layer_rate) ? 1 : s->layer_rate,
	                                  s->unfreeze > 0 ? (uint64_t)s->unfreeze : 0) < 2)
		die_usage("--%s: the model has one layer", isnan(s->layer_rate) ? "unfreeze" : "layer-rate");
}

/* Centres a prior on the source's weights in the first `layers` layers. What the model knows of how far it is holds. */
static inline void
start_centre(const struct start *s, struct model *m, const struct model *source, size_t layers)
{
	struct prior p = prior_of(s->strength, &source->net, layers, m->optimiser);
	const char *squares = source->optimiser ? source->optimiser->name : "";

	if (m->pulled) {
		p.records = m->prior.records;
		p.time = m->prior.time;
		p.steps = m->prior.steps;
	}
	if (s->fisher) {
		p.precision = source->optimiser ? PRIOR_SQUARES : PRIOR_BELIEFS;
		p.fresh = source->variance;
		p.batch = (double)source->batch;
		p.squares = strcmp(squares, "ftrl") == 0;
		if (source->optimiser && !p.squares && strcmp(squares, "adagrad") != 0)
			die_usage("--fisher: how sure the source is, beliefs, adagrad and ftrl know; it was learnt with %s", squares);
	}
	m->prior = p;
	m->pulled = true;
}

/* How many layers are the body, from the first: what the source has under a new layer, or under its own last one. */
static inline size_t
start_body(const struct start *s, const struct net *source)
{
	return source->n_layers - !s->append;
}

/* A net of plain weights takes what the way says from the source; and how that is called. */
static inline void
start_weights(const struct start *s, struct model *m, const struct model *source, enum way way)
{
	size_t layers = source->net.n_layers - (s->head != NULL);
	const char *name = s->append ? "append" : s->head ? "head" : s->mapped ? "map" : "warm";

	if (way != WAY_SCRATCH && !s->mapped) {
		transfer_layers(&m->net, &source->net, layers);
		transfer_clear_head(&m->net, layers);
	}
	if (way == WAY_FROZEN || way == WAY_FASTER)
		transfer_freeze(&m->net, start_body(s, &source->net));
	if (way == WAY_FASTER)
		m->set.rate *= way_faster;
	start_restrain(s, &m->net);
	if (!isnan(s->strength))
		start_centre(s, m, source, layers);
	if (s->adaptive)
		snprintf(m->transfer, sizeof m->transfer, "auto, %s%s%s", s->append || s->head ? name : "",
		         s->append || s->head ? ", " : "", way_names[way]);
	else if (!isnan(s->strength))
		snprintf(m->transfer, sizeof m->transfer, "%s, prior %g%s", name, s->strength, s->fisher ? " fisher" : "");
	else
		snprintf(m->transfer, sizeof m->transfer, "%s", name);
}

/* Beliefs start from the source's, widened; the experts of an adaptive model do so by themselves. */
static inline void
start_beliefs(const struct start *s, struct model *m, const struct model *source)
{
	char shift[NUMBER_MAX], fresh[NUMBER_MAX];
	double times = isnan(s->fresh) ? 1 : s->fresh;

	transfer_layers(&m->net, &source->net, source->net.n_layers);
	start_restrain(s, &m->net);
	if (s->adaptive)
		return;
	snprintf(m->transfer, sizeof m->transfer, "shift %.*s%s%.*s", (int)number_print_exact(shift, s->shift), shift,
	         times == 1 ? "" : " fresh ", times == 1 ? 0 : (int)number_print_exact(fresh, times), fresh);
	transfer_widen(&m->net, s->shift, m->variance, times);
}

/* Refuses what does not go together, once it is known how the target learns; and settles what was left open. */
static inline void
start_check(struct start *s, const struct learn *l, const struct model *m, const struct model *source,
            const struct arch *arch)
{
	enum layer_kind first = arch->layer[1].kind;

	if (!m->optimiser && source->optimiser)
		die_usage("--optimizer: the source's weights are no beliefs; it was learnt with %s", source->optimiser->name);
	if (m->optimiser && (!isnan(s->shift) || s->blend))
		die_usage("--%s: for beliefs, and this model is learnt with %s", s->blend ? "mixture" : "shift", m->optimiser->name);
	if (!m->optimiser && !isnan(s->strength))
		die_usage("--prior: the source's beliefs are the prior; --shift says how far they are trusted");
	if (s->adaptive && l->forget > 0)
		die_usage("--forget: with --shift or --warm; --auto knows no forgetting");
	if (s->warm && !m->optimiser)
		s->shift = 0;
	if (!m->optimiser && isnan(s->shift) && l->forget > 0)
		s->shift = start_usual_shift;
	s->adaptive |= !m->optimiser && isnan(s->shift);
	if (s->adaptive && (s->freeze || !isnan(s->strength) || !isnan(s->layer_rate) || s->unfreeze >= 0))
		die_usage("--%s: with one way to start; --auto starts from scratch too",
		          s->freeze ? "freeze" : !isnan(s->strength) ? "prior" : s->unfreeze >= 0 ? "unfreeze" : "layer-rate");
	if (s->mapped && (!m->optimiser || !m->optimiser->n_states || !source->optimiser || !source->optimiser->n_states ||
	                  source->stateless))
		die_usage("--map: adagrad, ftrl and adam know which vectors they have learnt");
	if (s->mapped && !isnan(s->strength))
		die_usage("--map: it starts from scratch, without --prior");
	if (s->mapped && first != LAYER_EMBED && first != LAYER_FM)
		die_usage("--map: the first layer is no embed or fm");
	if (s->experts && (!s->adaptive || m->optimiser))
		die_usage("--experts: with --auto, for beliefs");
}

/* A model for the target, its weights fresh or the source's. */
static inline void
start_model(struct start *s, const struct learn *l, struct model *m, const struct model *source, enum way way)
{
	struct arch arch = start_architecture(s, &source->net);

	learn_choose(l, m, &arch, s->append || s->head ? NULL : source->optimiser ? source->optimiser->name : "beliefs");
	start_check(s, l, m, source, &arch);
	m->variance = source->variance;
	memcpy(m->parent, source->file.checksum, sizeof m->parent);
	net_init(&m->net, &arch, !m->optimiser, m->variance, m->seed);
	if (m->optimiser)
		start_weights(s, m, source, way);
	else
		start_beliefs(s, m, source);
	tensors_allocate_states(&m->net.table, model_states(m));
}

/* The model goes on from where it stopped; its source is opened where a prior is centred on it. */
static inline void
start_resumed(const struct start *s, struct model *m, const char *path, struct model *source)
{
	model_open(m, path);
	if (m->pulled != !isnan(s->strength))
		die_usage("--resume: %s", m->pulled ? "the model has a prior; --prior and --source name it again"
		                                    : "the model has no prior");
	model_own(m);
	start_restrain(s, &m->net);
	if (!m->pulled)
		return;
	if (!s->origin)
		die_usage("--prior: with --resume, --source names the source model");
	model_open(source, s->origin);
	if (strcmp(m->parent, source->file.checksum) != 0)
		die_usage("--source: not what the model came from: %s", s->origin);
	start_centre(s, m, source, source->net.n_layers - (strncmp(m->transfer, "head", 4) == 0));
}

#endif
