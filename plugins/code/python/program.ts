/// <reference path="./texts.d.ts" />
/**
 * The program that runs code, as it lies on disk.
 *
 * @module
 */
import init from "./program/collet_code/__init__.py" with { type: "text" };
import failures from "./program/collet_code/failures.py" with { type: "text" };
import remedies from "./program/collet_code/remedies.py" with { type: "text" };
import requests from "./program/collet_code/requests.py" with { type: "text" };
import surroundings from "./program/collet_code/surroundings.py" with { type: "text" };
import tools from "./program/collet_code/tools.py" with { type: "text" };
import topLevel from "./program/collet_code/top_level.py" with { type: "text" };
import values from "./program/collet_code/values.py" with { type: "text" };
import program from "./program/run_code.py" with { type: "text" };
import { PROGRAM_FILE } from "./places.ts";

/** The files, by path. */
export const FILES: Readonly<Record<string, string>> = {
  [PROGRAM_FILE]: program,
  "collet_code/__init__.py": init,
  "collet_code/failures.py": failures,
  "collet_code/remedies.py": remedies,
  "collet_code/requests.py": requests,
  "collet_code/surroundings.py": surroundings,
  "collet_code/tools.py": tools,
  "collet_code/top_level.py": topLevel,
  "collet_code/values.py": values,
};
