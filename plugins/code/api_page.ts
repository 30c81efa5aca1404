/**
 * The resource `collet://code/api`: what code finds beside the tools, for whoever writes it.
 *
 * @module
 */
import type { PluginContext } from "../../kernel/mod.ts";

const API_URI = "collet://code/api";

const PYTHON =
  `Python has the same, by names with underscores (\`files.read_text\`, \`memory.bulk_get\`) and with options as keyword
arguments (\`ttl=60\`, \`mime_type="text/csv"\`). Each call waits; \`.aio(…)\` of it is awaited: \`await memory.get.aio("key")\`,
\`await asyncio.gather(a.aio(), b.aio())\`. A failed call raises \`ToolError\` with \`tool\`, \`code\` and \`data\`. Packages are
declared at the top (PEP 723), and modules of skills with them:

\`\`\`python
# /// script
# dependencies = ["requests>=2.31"]
# [tool.collet]
# skills = ["weather:scripts/forecast.py"]
# ///
\`\`\`
`;

/** Registers the resource. */
export function registerApiPage({ resource }: Pick<PluginContext, "resource">): void {
  resource({
    uri: API_URI,
    name: "code_api",
    title: "What code finds",
    description: "What programs of execute_code have beside tools: resources, memory, files, session and more",
    mimeType: "text/markdown",
    async read() {
      const { CODE_API } = await import("./type_check/environment.ts");
      return `# What code finds beside tools\n\n\`\`\`ts\n${CODE_API}\`\`\`\n\n${PYTHON}`;
    },
  });
}
