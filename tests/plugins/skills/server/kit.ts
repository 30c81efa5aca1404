/**
 * Skills of an application on disk, and servers of them.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type FakeLog, fakeLog } from "../../../../kernel/testing.ts";
import {
  createSkillServer,
  type McpHttpConfig,
  type McpHttpServer,
  type SkillServerOptions,
} from "../../../../plugins/skills/server/mod.ts";
import { temporaryHome } from "../../library/kit.ts";

const GEOMETRY = `---
name: maya-geometry
description: Polygon modeling
metadata:
  dcc-mcp:
    dcc: python
    tags: [create]
    search-hint: geometry, polygon, sphere
    tools: tools.yaml
---
Make geometry.
`;

const GEOMETRY_TOOLS = `tools:
  - name: create_sphere
    description: Create a sphere
    source_file: scripts/create_sphere.py
    input_schema:
      type: object
      properties:
        radius: { type: number }
        name: { type: string }
        tags: { type: array, items: { type: string } }
    read_only: false
  - name: echo
    description: Tell how the script was called
    source_file: scripts/echo.py
  - name: fail
    description: Fail
    source_file: scripts/fail.py
  - name: wait
    description: Wait
    source_file: scripts/wait.py
  - name: skin
    description: Skin a mesh
    source_file: scripts/echo.py
    group: rigging
groups:
  - name: rigging
    description: Rigging
    default_active: false
    tools: [skin]
`;

const CREATE_SPHERE = `from dcc_mcp_core.skill import run_main, skill_entry, skill_error, skill_success

@skill_entry
def create_sphere(radius=1.0, name="sphere", **kwargs):
    print("making", name)
    if radius <= 0:
        return skill_error("No sphere", "radius %s" % radius)
    return skill_success("Created " + name, radius=radius, more=kwargs)

if __name__ == "__main__":
    run_main(create_sphere)
`;

const ECHO = `import json, sys
print(json.dumps({"stdin": json.load(sys.stdin), "argv": sys.argv[1:]}))
`;

const FAIL = `import sys
print('{"half": "an answer"}')
sys.stderr.write("out of polygons\\n")
sys.exit(3)
`;

/** Files of the skills, by path. */
const FILES: Readonly<Record<string, string>> = {
  "maya-geometry/SKILL.md": GEOMETRY,
  "maya-geometry/tools.yaml": GEOMETRY_TOOLS,
  "maya-geometry/scripts/create_sphere.py": CREATE_SPHERE,
  "maya-geometry/scripts/echo.py": ECHO,
  "maya-geometry/scripts/fail.py": FAIL,
  "maya-geometry/scripts/wait.py": "import time\ntime.sleep(60)\n",
  "maya-notes/SKILL.md": "---\nname: maya-notes\ndescription: Notes without tools\n---\nNotes.\n",
};

/** A server of skills in folders of its own. */
export interface ServerKit extends AsyncDisposable {
  readonly server: McpHttpServer;
  readonly log: FakeLog;
  /** Folder of the skills. */
  readonly skills: string;
}

/** Writes skills, and makes a server of them. */
export async function makeServer(
  config: McpHttpConfig = {},
  options: SkillServerOptions = {},
): Promise<ServerKit> {
  const home = await temporaryHome();
  const skills = join(home.path, "skills of maya");
  await writeSkills(skills);
  const log = fakeLog();
  const all = { extraPaths: [skills], log, ...options };
  const server = await createSkillServer("maya", { port: 0, home: join(home.path, "home"), ...config }, all);
  return {
    server,
    log,
    skills,
    async [Symbol.asyncDispose]() {
      await server.close();
      await home[Symbol.asyncDispose]();
      assert.deepEqual(log.take("error"), []);
    },
  };
}

/** Writes skills below a folder; those of the application by default. */
export async function writeSkills(folder: string, files: Readonly<Record<string, string>> = FILES): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
}

/** Connects a client of a 2025 revision, with a session. */
export async function connect(url: string, prepare: (client: Client) => void = () => {}): Promise<Client> {
  const client = new Client({ name: "test", version: "1.0.0" }, { versionNegotiation: { mode: "legacy" } });
  prepare(client);
  await client.connect(new StreamableHTTPClientTransport(new URL(url)));
  return client;
}
