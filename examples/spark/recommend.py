"""recommend - two logs to a ranking on Spark: source domain, target domain, ranking, CTR and metrics.

    recommend.py PROGRAMS FOLDER SHARDS

reads:  FOLDER/source.csv, target.csv and test.csv, as simulate writes them; weir's programs in the folder PROGRAMS
writes: FOLDER/source.model, target.model; ctr.tsv (of the three best items of each request, by position where they were
        shown), metrics.tsv, all but the models as one machine would have written them
"""

import os
import sys

from pyspark.sql import SparkSession

import filters

BITS = 18
FORMULA = "clicked ~ user + item + position + category + device + hour + user:category + category:device"
RECORDS = "-b %d -k request,item,user,position '%s'" % (BITS, FORMULA)
PROGRAMS = ["featurize", "pretrain", "finetune", "score", "topk", "ctr", "metrics"]


def session(**settings):
    """Spark, as MASTER names it; else two worker processes on this machine."""
    builder = SparkSession.builder.appName("weir").master(os.environ.get("MASTER", "local-cluster[2,1,1024]"))
    for name, value in settings.items():
        builder = builder.config("spark." + name.replace("_", "."), value)
    return builder.config("spark.ui.enabled", "false").config("spark.ui.showConsoleProgress", "false").getOrCreate()


def recommend(context, programs, folder, shards):
    context.addPyFile(filters.__file__)
    filters.ship(context, programs, *PROGRAMS)

    def file(name):
        return os.path.join(folder, name)

    def records(log):
        return filters.featurize(context, file(log), RECORDS)

    def write(name, text):
        with open(file(name), "wb") as out:
            out.write(text)

    source = filters.by_group(records("source.csv"), shards, field=3)
    filters.pool(filters.models(source, "pretrain -b %d -o" % BITS), file("source.model"), programs)
    filters.ship(context, folder, "source.model")

    target = filters.by_group(records("target.csv"), 2, field=3)
    filters.pool(filters.models(target, "finetune --shift 0.01 -m source.model -o"), file("target.model"), programs,
                 "-m", file("source.model"))
    filters.ship(context, folder, "target.model")

    scored = filters.pipe(filters.by_group(records("test.csv"), shards), "score -m target.model").cache()
    best = filters.pipe(scored, "topk -k 3")
    write("ctr.tsv", filters.merge(filters.pipe(best, "ctr -g 4 --partial"), "ctr", programs))
    write("metrics.tsv", filters.merge(filters.pipe(scored, "metrics -M auc,logloss,mrr --partial"), "metrics", programs))


if __name__ == "__main__":
    spark = session()
    recommend(spark.sparkContext, sys.argv[1], sys.argv[2], int(sys.argv[3]))
    spark.stop()
