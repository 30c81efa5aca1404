"""The library of the package dcc-mcp-core as a program, which does one job for each line: see library_job.ts."""

import json
import os
import statistics
import sys
import time

# this tree is to be found, and nothing that whoever runs this may have installed
HOME = sys.argv[1]
os.environ.update(HOME=HOME, XDG_DATA_HOME=HOME, XDG_CONFIG_HOME=HOME, USERPROFILE=HOME, APPDATA=HOME)
os.environ.update(DCC_MCP_DISABLE_DEFAULT_SKILL_PATHS="1", DCC_MCP_DISABLE_ACCUMULATED_SKILLS="1")

import dcc_mcp_core  # noqa: E402

LEAST_SEARCHES = 3


def timed(work):
    used_before = time.process_time()
    started_at = time.perf_counter()
    count = work()
    seconds = time.perf_counter() - started_at
    return {"ms": seconds * 1000, "cpuMs": (time.process_time() - used_before) * 1000, "count": count}


def time_search(search, least_ms):
    names = [found.name for found in search()]
    times = []
    started_at = time.perf_counter()
    while len(times) < LEAST_SEARCHES or (time.perf_counter() - started_at) * 1000 < least_ms:
        searched_at = time.perf_counter()
        search()
        times.append((time.perf_counter() - searched_at) * 1000)
    return {"ms": statistics.median(times), "names": names}


class CoreLibrary:
    def scan(self, job):
        def work():
            self.catalog = dcc_mcp_core.SkillCatalog(dcc_mcp_core.ToolRegistry())
            self.catalog.discover([job["folder"]])
            return len(self.catalog)

        return timed(work)

    def rescan(self, job):
        return timed(lambda: self.catalog.rediscover([job["folder"]]))

    def search(self, job):
        def searching(query):
            return lambda: self.catalog.search_skills(query, limit=job["limit"])

        first = timed(lambda: len(searching(job["queries"][0])()))
        searches = [time_search(searching(query), job["leastMs"]) for query in job["queries"]]
        return dict(first, searches=searches)


library = CoreLibrary()
for line in sys.stdin:
    job = json.loads(line)
    try:
        answer = getattr(library, job["do"])(job)
    except Exception as error:
        answer = {"failure": "%s: %s" % (type(error).__name__, error)}
    print(json.dumps(answer), flush=True)
