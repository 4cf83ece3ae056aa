"""failures - what a job does when a command, a file or a worker fails."""

import os
import re
import signal
import subprocess

from pyspark import TaskContext

import filters


def lose_executor(part):
    """Lines; those of the second partition take their worker process with them, the first time."""
    context = TaskContext.get()
    for n, line in enumerate(part):
        if context.partitionId() == 1 and context.attemptNumber() == 0 and n == 5:
            # This process was forked by Python's daemon, and that one started by the worker.
            worker = subprocess.check_output(["ps", "-o", "ppid=", "-p", str(os.getppid())])
            os.kill(int(worker), signal.SIGKILL)
        yield line


def failures(context, programs, folder):
    """Prints what came as it should and what did not; returns how much did not. FOLDER has log.csv and log.model."""
    context.addPyFile(filters.__file__)
    context.addPyFile(__file__)
    filters.ship(context, programs, "featurize", "pretrain", "score", "ctr")
    filters.ship(context, folder, "log.model")
    model = os.path.join(folder, "made.model")
    records = filters.featurize(context, os.path.join(folder, "log.csv"), "-b 10 -k request,item 'clicked ~ item'", 3).cache()
    n = records.count()
    bad = records.map(lambda line: b"\t2\t".join(line.rsplit(b"\t1\t", 1)))
    few = filters.by_group(context.parallelize(records.take(2)), 8)
    failed = 0

    def check(what, held, why=""):
        nonlocal failed
        failed += not held
        print("%s: %s%s" % ("as it should" if held else "NOT AS IT SHOULD", what, "" if held else ": %s" % why), flush=True)

    def fails(what, pattern, job):
        try:
            check(what, False, "no failure: %r" % (job(),))
        except Exception as error:
            said = re.search(pattern, str(error))
            check("%s fails the job: %s" % (what, said[0] if said else pattern), said, error)

    check("empty partitions are scored", filters.pipe(few, "score -m log.model").count() == 2)
    check("empty partitions are summed", filters.merge(filters.pipe(few, "ctr --partial"), "ctr", programs).startswith(b"2\t"))
    check("nothing at all is scored", filters.pipe(few.filter(lambda line: False), "score -m log.model").count() == 0)
    filters.pool(filters.models(few, "pretrain -b 10 -o"), model, programs)
    check("empty partitions have models", os.path.exists(model))
    os.remove(model)

    fails("a refused record", r'status 3: pretrain: stdin:\d+: field 3 \(label\): neither 0 nor 1: "2"',
          lambda: filters.pool(filters.models(bad, "pretrain -b 10 -o"), model, programs))
    check("no model is left of it", not os.path.exists(model))
    fails("a refused record before another command", 'status 3: score: stdin:.*"x"',
          lambda: filters.pipe(filters.pipe(records.map(lambda line: line + b":x"), "score -m log.model"),
                               "ctr --partial").count())
    fails("a missing model", "status 4: score: nowhere.model: No such file or directory",
          lambda: filters.pipe(records, "score -m nowhere.model").count())
    fails("a missing program", "No such file or directory: 'nothing'", lambda: filters.pipe(records, "nothing").count())
    fails("a killed program", "status -9", lambda: filters.pipe(records, "sh -c 'kill -9 $$'").count())
    check("a lost worker's part is done again",
          filters.pipe(records.mapPartitions(lose_executor), "score -m log.model").count() == n)
    return failed
