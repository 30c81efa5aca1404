/**
 * The guide: pages for the model about this server, its tools, and how to make more, from the live registry.
 *
 * @example Use it
 * ```ts
 * import { Kernel } from "collet";
 * import guide from "./mod.ts";
 *
 * await using kernel = await new Kernel().use(guide).start();
 * const { contents: [page] } = await kernel.read("collet://guide");
 * if (!JSON.stringify(page).includes("# Collet")) throw new Error("unexpected");
 * ```
 *
 * @module
 */
import {
  definePlugin,
  ErrorCode,
  type ItemKind,
  optional,
  type Plugin,
  type PluginContext,
  ProtocolError,
  rankCompletions,
  RegistryChanged,
  type Requires,
  type ResourceListing,
  Toolbox,
  type ToolSummary,
} from "../../kernel/mod.ts";
import { ToolCodeChanged, ToolLibrary } from "../library/contract.ts";
import { examplesPage, guidePage, toolPage } from "./pages.ts";
import { protocolPage } from "./protocol.ts";

// skillz:// is the scheme that tools and prompts of skillz refer to
const SCHEMES = ["collet", "skillz"] as const;
const MARKDOWN = "text/markdown";

const guide: Plugin<void> = definePlugin({
  name: "guide",
  version: "1.0.0",
  description: "Pages for the model: guide, examples, script protocol, and one for each tool",
  requires: { toolbox: Toolbox, library: optional(ToolLibrary) },
  setup(ctx) {
    const { toolbox, library } = ctx.deps;
    const listTools = () => toolbox.list().filter((tool) => !isStub(tool));
    const watched = watchPages(ctx);
    announceToolPages(ctx);
    for (const scheme of SCHEMES) {
      const page = (
        path: string,
        about: { readonly title: string; readonly description: string },
        read: () => string,
      ) =>
        ctx.resource({
          uri: `${scheme}://${path}`,
          name: path,
          ...about,
          mimeType: MARKDOWN,
          subscribe: (uri) => watched.add(uri, read),
          read,
        });
      page(
        "guide",
        { title: "Guide", description: "How to work with this server, and its tools" },
        () => guidePage(listTools()),
      );
      page(
        "examples",
        { title: "Examples", description: "One script tool a language, ready to register" },
        () => examplesPage(toolbox.list()),
      );
      page("protocol", { title: "Script protocol", description: "What a script reads and writes" }, protocolPage);
      ctx.resource({
        uri: `${scheme}://tools/{name}`,
        name: "tool",
        title: "Tool",
        description: "One tool: what it does, its schemas, and how to call it",
        mimeType: MARKDOWN,
        list: () => scheme === "collet" ? listTools().map((tool) => listing(scheme, tool)) : [],
        complete: (_, value) => rankCompletions(value, listTools().map((tool) => tool.name)),
        subscribe: (uri) =>
          watched.add(uri, () => {
            const tool = toolbox.get(uri.slice(`${scheme}://tools/`.length));
            return tool === undefined ? "" : toolPage(tool);
          }),
        async read({ name }, { uri }) {
          const tool = toolbox.get(name);
          if (tool === undefined) {
            throw new ProtocolError(ErrorCode.resourceNotFound, `Resource not found: no tool "${name}"`, { uri });
          }
          // a made tool says what it is; one of its name may lie there that is not offered
          const isMade = tool.meta?.["kind"] !== undefined;
          return toolPage(tool, isMade ? await library?.describe(name) : undefined);
        },
      });
    }
  },
});

export default guide;

// a stub stands for a tool that is not loaded, says so itself, and may be one of thousands; the hint is none of the protocol
function isStub({ annotations }: ToolSummary): boolean {
  return (annotations as { readonly deferredHint?: boolean } | undefined)?.deferredHint === true;
}

function listing(
  scheme: string,
  tool: { readonly name: string; readonly title: string | undefined; readonly description: string },
): ResourceListing {
  const { name, title, description } = tool;
  return {
    uri: `${scheme}://tools/${name}`,
    name,
    ...(title !== undefined && { title }),
    description,
    mimeType: MARKDOWN,
  };
}

/** Tells clients that the list of resources changed when that of tools did, since each tool has a page. */
function announceToolPages(ctx: PluginContext<undefined, Requires>): void {
  ctx.on(RegistryChanged, ({ kind }) => {
    if (kind === "tool") ctx.emit<{ readonly kind: ItemKind }>(RegistryChanged, { kind: "resource" });
  });
}

/**
 * Tells subscribers of a page when what it would say has changed, and those of a tool's page when its code did; pages
 * that nobody listens to cost nothing.
 */
function watchPages(ctx: PluginContext<undefined, Requires>) {
  const watched = new Map<string, { readonly read: () => string; text: string }>();
  ctx.on(RegistryChanged, ({ kind }) => {
    if (kind !== "tool") return;
    for (const [uri, page] of watched) {
      const text = page.read();
      if (text === page.text) continue;
      page.text = text;
      ctx.updated(uri);
    }
  });
  ctx.on(ToolCodeChanged, ({ name }) => {
    for (const scheme of SCHEMES) {
      const uri = `${scheme}://tools/${name}`;
      if (watched.has(uri)) ctx.updated(uri);
    }
  });
  return {
    add(uri: string, read: () => string): () => void {
      watched.set(uri, { read, text: read() });
      return () => void watched.delete(uri);
    },
  };
}
