#!/bin/sh
# peers.t - scikit-learn and the Open Bandit Pipeline say the same, on random data, where a Python has them: PYTHON
# names it, else it is python3

# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
cd "$tmp" || exit
python=${PYTHON:-python3}

# A line for each figure that differs: ours has nine digits.
compare() { # ours, theirs: a name and a value
	awk -F '\t' '
	NR == FNR { ours[$1] = $2; next }
	{ d = ours[$1] - $2; e = 5.01e-9 * $2; n++ }
	!($1 in ours) || d > e || d < -e { print $1, ours[$1], "not", $2 }
	END { if (n < 6) print "only " n + 0 " figures" }' "$1" "$2" | head
}

# ---- scikit-learn: 1000 groups of records, most scores several times ----

cat >groups.py <<'END_PYTHON'
import random
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, ndcg_score, roc_auc_score

random.seed(1)
with open("records", "w") as records, open("untied", "w") as untied, open("theirs", "w") as theirs:
    for case in range(1000):
        n = random.randint(2, 40)
        label = [1, 0] + [random.randint(0, 1) for _ in range(n - 2)]
        score = [random.randint(1, 9) / 10 for _ in range(n)]
        place = random.sample(range(1, n + 1), n)
        for y, p, q in zip(label, score, place):
            records.write(f"{case}\t{y}\t{p}\n")
            untied.write(f"{case}\t{y}\t{q}\n")
        for name, value in (("auc", roc_auc_score(label, score)), ("logloss", log_loss(label, score)),
                            ("brier", brier_score_loss(label, score)), ("ndcg", ndcg_score([label], [score])),
                            ("ndcg@5", ndcg_score([label], [score], k=5)), ("map", average_precision_score(label, place))):
            theirs.write(f"{case} {name}\t{value:.17g}\n")
END_PYTHON
what='scikit-learn: AUC, log-loss, Brier, NDCG of 1000 groups with ties, average precision without'
if $python -c 'import sklearn' 2>/dev/null; then
	$python groups.py
	{
		metrics -q -M gauc,logloss,brier,ndcg,ndcg@5 records
		metrics -q -M map untied
	} | awk -F '\t' -v OFS='\t' '{ sub(/^gauc$/, "auc", $2); print $1 " " $2, $3 }' >ours
	is "$what" "$(compare ours theirs)" ''
else
	skip "$what" "$python has no scikit-learn"
fi

# ---- Open Bandit Pipeline: 3000 decisions among 5, by a policy that is not the target's, with a rough model ----

cat >decisions.py <<'END_PYTHON'
import numpy as np
from obp.ope import (DirectMethod, DoublyRobust, DoublyRobustWithShrinkage, InverseProbabilityWeighting,
                     SelfNormalizedDoublyRobust, SelfNormalizedInverseProbabilityWeighting, SwitchDoublyRobust)

rng = np.random.default_rng(1)
n, K = 3000, 5
logging, target = rng.dirichlet(np.ones(K) * 3, n), rng.dirichlet(np.ones(K), n)
model = rng.uniform(0, 0.6, (n, K))
action = np.array([rng.choice(K, p=p) for p in logging])
row = np.arange(n)
reward = (rng.uniform(size=n) < 0.1 + 0.1 * action).astype(float)
pscore = logging[row, action]
with open("log", "w") as log:
    for i in row:
        log.write("\t".join([str(i)] + [f"{x:.17g}" for x in (pscore[i], reward[i], target[i, action[i]], model[i, action[i]],
                                                             (target[i] * model[i]).sum())]) + "\n")
given = dict(reward=reward, action=action, position=np.zeros(n, int), pscore=pscore, action_dist=target[:, :, None],
             estimated_rewards_by_reg_model=model[:, :, None])
with open("theirs", "w") as theirs:
    for name, estimator in (("ips", InverseProbabilityWeighting()), ("clipped-ips", InverseProbabilityWeighting(lambda_=2)),
                            ("snips", SelfNormalizedInverseProbabilityWeighting()), ("dm", DirectMethod()),
                            ("dr", DoublyRobust()), ("clipped-dr", DoublyRobust(lambda_=2)),
                            ("sndr", SelfNormalizedDoublyRobust()), ("switch-dr", SwitchDoublyRobust(lambda_=3)),
                            ("shrunk-dr", DoublyRobustWithShrinkage(lambda_=4))):
        theirs.write(f"{name}\t{estimator.estimate_policy_value(**given):.17g}\n")
END_PYTHON
what='Open Bandit Pipeline: nine estimators of 3000 decisions'
if $python -c 'import obp' 2>/dev/null; then
	$python decisions.py 2>log.python
	ope -p 2 -y 3 --target 4 --predicted 5 --expected 6 --clip 2 --shrink 4 --switch 3 log 2>/dev/null | cut -f 1,2 >ours
	is "$what" "$(compare ours theirs)" ''
else
	skip "$what" "$python has no obp"
fi
done_testing
