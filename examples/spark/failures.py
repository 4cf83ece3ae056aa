"""failures - what a job does when a command, a file or a worker fails: TAP, on a small cluster on this machine.

    failures.py PROGRAMS FOLDER     FOLDER holds log.csv and a model of it, log.model
"""

import os
import sys

from pyspark import TaskContext
from pyspark.sql import SparkSession

import filters

count = failed = 0


def check(what, held, why=""):
    global count, failed
    count += 1
    failed += not held
    print("%sok %d - %s" % ("" if held else "not ", count, what))
    if not held:
        print("".join("# %s\n" % line for line in str(why).splitlines()))


def fails(what, line, job):
    """The job fails, and its error has the line."""
    try:
        check(what, False, "no failure: %r" % (job(),))
    except Exception as error:
        check(what, line in str(error), error)


def stumble(part):
    """Lines of which the second partition's take their worker with them, the first time."""
    context = TaskContext.get()
    for n, line in enumerate(part):
        if context.partitionId() == 1 and context.attemptNumber() == 0 and n == 5:
            os._exit(1)
        yield line


def main(programs, folder):
    spark = SparkSession.builder.master("local-cluster[2,1,1024]").appName("failures").config(
        "spark.ui.enabled", "false").config("spark.ui.showConsoleProgress", "false").getOrCreate()
    context = spark.sparkContext
    context.addPyFile(filters.__file__)
    filters.ship(context, programs, "featurize", "pretrain", "score", "ctr")
    filters.ship(context, folder, "log.model")
    records = filters.featurize(context, os.path.join(folder, "log.csv"), "-b 10 -k request,item 'clicked ~ item'", 3).cache()
    n = records.count()
    bad = records.map(lambda line: line.replace(b"\t1\t", b"\t2\t", 1))
    nowhere = os.path.join(folder, "nowhere")

    few = filters.by_group(context.parallelize(records.take(2)), 8)
    check("empty partitions", filters.pipe(few, "score -m log.model").count() == 2)
    check("empty partitions of sums", filters.merge(filters.pipe(few, "ctr --partial"), "ctr", programs).startswith(b"2\t"))
    check("no records at all", filters.pipe(few.filter(lambda line: False), "score -m log.model").count() == 0)
    filters.pool(filters.models(few, "pretrain -b 10 -o"), nowhere, programs)
    check("models of empty partitions", os.path.exists(nowhere))
    os.remove(nowhere)

    fails("a refused record", "neither 0 nor 1: \"2\"", lambda: filters.pipe(bad, "score -m log.model").count())
    fails("its status", "status 3: pretrain: stdin:", lambda: filters.pool(filters.models(bad, "pretrain -b 10 -o"), nowhere, programs))
    check("no model is left", not os.path.exists(nowhere))
    fails("a missing model", "score: nowhere.model: No such file", lambda: filters.pipe(records, "score -m nowhere.model").count())
    fails("a missing program", "nothing", lambda: filters.pipe(records, "nothing").count())
    fails("a killed program", "status -9", lambda: filters.pipe(records, "sh -c 'kill -9 $$'").count())
    fails("a failure behind another command", "neither 0 nor 1",
          lambda: filters.pipe(filters.pipe(bad, "score -m log.model"), "ctr --partial").count())
    check("a lost worker: its part is done again",
          filters.pipe(records.mapPartitions(stumble), "score -m log.model").count() == n)
    spark.stop()
    print("1..%d" % count)
    sys.exit(failed != 0)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
