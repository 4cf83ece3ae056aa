"""filters - weir's programs on Spark: lines through a command, groups kept whole, a model of every shard."""

import os
import shlex
import subprocess
import tempfile
import threading
import zlib

from pyspark import SparkFiles, StorageLevel


def run(command, lines):
    """The lines that a command writes, given lines (bytes), in the folder where Spark put the files it ships.

    As rdd.pipe with checkCode=True, but for two things: a failure carries what the command said on stderr, so that it
    stands in the job's own error and not in some executor's log; and lines are bytes, of any encoding.
    """
    folder = SparkFiles.getRootDirectory()
    failure = []

    def feed(stdin):
        try:
            with stdin:
                for line in lines:
                    stdin.write(line + b"\n")
        except BrokenPipeError:
            pass  # the command stopped early: its status says why
        except Exception as error:  # in what makes the lines
            failure.append(error)
            process.kill()

    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(shlex.split(command), cwd=folder, env={"PATH": folder + ":/usr/bin:/bin"},
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said)
        feeder = threading.Thread(target=feed, args=(process.stdin,), daemon=True)
        feeder.start()
        try:
            for line in process.stdout:
                yield line.rstrip(b"\n")
            status = process.wait()
            feeder.join()
            if failure:
                raise failure[0]
            if status:
                said.seek(0)
                raise RuntimeError("%s: status %d: %s" % (command, status, said.read().decode("utf-8", "replace")))
        finally:
            process.kill()
            process.wait()


def learn(command, lines):
    """The model, as bytes, that a command makes of lines; the command ends in -o."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model")
        for _ in run("%s %s" % (command, path), lines):
            pass
        with open(path, "rb") as model:
            return model.read()


def ship(context, folder, *names):
    """Gives every worker files of a folder: programs and models."""
    for name in names:
        context.addFile(os.path.join(folder, name))


def pipe(lines, command):
    """Lines, an RDD of bytes, through a command, partition by partition."""
    return lines.mapPartitions(lambda part: run(command, part), preservesPartitioning=True)


def featurize(context, path, arguments, slices=None):
    """A CSV log as an RDD of records."""
    lines = context.textFile(path, slices or context.defaultParallelism, use_unicode=False)
    header = lines.first()

    def records(part):
        def with_header():
            yield header
            for line in part:
                if line != header:
                    yield line
        return run("featurize -C " + arguments, with_header())

    return lines.mapPartitions(records)


def by_group(records, shards, field=1):
    """The records in so many partitions: each group, or other field, whole in one, and the order that of the input."""
    def keyed(place, part):
        for n, line in enumerate(part):
            yield (line.split(b"\t", field)[field - 1], (place, n)), line

    return records.mapPartitionsWithIndex(keyed).repartitionAndSortWithinPartitions(
        shards, lambda key: zlib.crc32(key[0]) % shards, keyfunc=lambda key: key[1]).values()


def models(shards, command):
    """A model of every partition: an RDD of bytes."""
    return shards.mapPartitions(lambda part: [learn(command, part)])


def pool(shard_models, path, programs, *options):
    """One model, at path, of an RDD of models. They are learnt all at a time, and come here one at a time."""
    shard_models = shard_models.persist(StorageLevel.DISK_ONLY)
    shard_models.count()
    with tempfile.TemporaryDirectory() as folder:
        names = []
        for model in shard_models.toLocalIterator():
            names.append(os.path.join(folder, str(len(names))))
            with open(names[-1], "wb") as file:
                file.write(model)
        subprocess.run([os.path.join(programs, "pool"), *options, "-o", path, *names], check=True)


def merge(partials, command, programs):
    """What a summing program makes of an RDD of its partial lines."""
    name, *arguments = shlex.split(command)
    lines = b"".join(line + b"\n" for line in partials.collect())
    return subprocess.run([os.path.join(programs, name), *arguments, "--merge"], input=lines, check=True,
                          stdout=subprocess.PIPE).stdout
