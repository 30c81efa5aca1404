/**
 * The servers that Collet is put before: each a program that is started over stdio, or listens.
 *
 * @module
 */
import { createServer } from "node:net";
import { findNode } from "../../lib/nodes.ts";
import { inRepository } from "../../lib/repository.ts";
import { HOST } from "../http_connection.ts";
import { awaitAnnouncements, type Command, end, start } from "../processes.ts";
import { commandFor, type Runtime, serve } from "../subjects.ts";

/** A server that listens. */
export interface Listening extends AsyncDisposable {
  readonly port: number;
}

/** A server that calls are made of. */
export interface Program {
  readonly title: string;
  /** Starts it over stdio. */
  readonly command: Command;
  /** The tool that is called, its arguments, and its answer. */
  readonly tool: string;
  readonly args: object;
  readonly answer: string;
  /** Starts it over HTTP. */
  listen(): Promise<Listening>;
}

/** What the namespace of a server is called, and the server itself. */
export const NAMESPACE = "up";

const EVERYTHING = inRepository("node_modules", "@modelcontextprotocol", "server-everything", "dist", "index.js");
const LISTENING_REGEXP = /listening on port (\d+)/;

/**
 * Gives the server that is published to show the whole protocol. It runs on Node, as `npx` would have it, whatever
 * Collet runs on; on the runtime that is measured where there is no Node.
 */
export async function everythingProgram(runtime: Runtime): Promise<Program> {
  const node = await findNode("path");
  const program: Command = "missing" in node ? [runtime.binary, "run", "-A", EVERYTHING] : [node.binary, EVERYTHING];
  return {
    title: "server-everything",
    command: [...program, "stdio"],
    ...{ tool: "echo", args: { message: "hello" }, answer: "Echo: hello" },
    async listen() {
      const port = await freePort();
      const child = start([...program, "streamableHttp"], { PORT: String(port) });
      child.stdout.resume();
      await awaitAnnouncements(child, [LISTENING_REGEXP]).catch(async (thrown) => {
        await end(child);
        throw thrown;
      });
      return { port, [Symbol.asyncDispose]: () => end(child) };
    },
  };
}

/** Gives a server with one tool and nothing around it, on the runtime that is measured. */
export function bareProgram(runtime: Runtime): Program {
  return {
    title: "bare echo",
    command: commandFor(runtime, "sdk_stdio", { args: [] }),
    ...{ tool: "echo", args: { text: "hello" }, answer: "hello" },
    listen: () => serve(runtime, "sdk_session"),
  };
}

/** Gives the settings by which Collet has a program before itself. */
export function behind(target: Command | Listening, names: readonly string[] = [NAMESPACE]): Record<string, object> {
  const entry = "port" in target ? { url: `http://${HOST}:${target.port}/mcp` } : entryOf(target);
  return { upstream: { servers: Object.fromEntries(names.map((name) => [name, entry])) } };
}

function entryOf([command, ...args]: Command): object {
  return { command, args };
}

/** Finds a port for a program that does not say which it took. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, HOST, resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
