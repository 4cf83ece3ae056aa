"""check - recommend.py, then failures.py, in one session: to start Spark takes longer than either.

    check.py PROGRAMS FOLDER SHARDS     FOLDER as for both
"""

import os
import shutil
import sys

import pyspark

import failures
import recommend

programs, folder, shards = sys.argv[1:]
quick = "-XX:+UseSerialGC -XX:TieredStopAtLevel=1"  # of a JVM that lives for seconds, beside others on few cores
spark = recommend.session(driver_extraJavaOptions=quick, executor_extraJavaOptions=quick, task_maxFailures=2)
job = spark.sparkContext.applicationId
recommend.recommend(spark.sparkContext, programs, folder, int(shards))
failed = failures.failures(spark.sparkContext, programs, folder)
spark.stop()
# A cluster on this machine keeps what it shipped to its workers.
shutil.rmtree(os.path.join(os.path.dirname(pyspark.__file__), "work", job), ignore_errors=True)
sys.exit(failed != 0)
