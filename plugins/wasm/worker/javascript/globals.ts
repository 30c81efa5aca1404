/**
 * The globals that scripts find beside those of the language: `console`, timers, URLs, encodings, random values, events.
 *
 * @module
 */
import type { Installed, Realm } from "./realm.ts";
import type { HostArguments } from "./marshalling.ts";

const URL_PARTS = [
  ...["href", "origin", "protocol", "username", "password"],
  ...["host", "hostname", "port", "pathname", "search", "hash"],
] as const;

/** Takes what scripts write to the console, at a level of MCP. */
export type Log = (level: string, message: string) => void;

/** Which part makes which globals. */
const PARTS = {
  console: ["console"],
  encoding: ["TextEncoder", "TextDecoder", "atob", "btoa", "crypto"],
  url: ["URL", "URLSearchParams"],
  events: [
    ...["setTimeout", "setInterval", "clearTimeout", "clearInterval"],
    ...["Event", "CustomEvent", "EventTarget", "DOMException", "AbortSignal", "AbortController"],
  ],
  structured_clone: ["structuredClone"],
} as const;

/** What scripts know of time. */
export interface GlobalClock {
  /** Gives the milliseconds since the run began; 0 where scripts are not told. */
  elapsed(): number;
  /** Throws where scripts are not told the time. */
  check(): void;
  /** Gives when the run began, in milliseconds since 1970. */
  readonly begun: number;
}

/** Those that use others, of other parts. */
const USERS: readonly string[] = [...PARTS.events, ...PARTS.structured_clone, "queueMicrotask"];

/** How globals are installed. */
export interface GlobalsOptions {
  readonly log: Log;
  /** That of this machine by default. */
  readonly clock?: GlobalClock;
  /** What may be names in the scripts: what has no such name is left out. All are installed by default. */
  readonly words?: ReadonlySet<string>;
  /** What is said to who would use the network. */
  readonly networkRefusal: string;
}

/** Those that need no part of their own. */
const SIMPLE = ["performance", "queueMicrotask", "fetch"];

/** Installs the globals. Those of a part cost nothing until one of them is used. */
export function installGlobals(
  realm: Realm,
  { log, clock = exactClock(), words, networkRefusal }: GlobalsOptions,
): void {
  // those of one part use those of others
  const isAll = words === undefined || USERS.some((name) => words.has(name));
  const named = (names: readonly string[]) => isAll ? names : names.filter((name) => words.has(name));
  const wanted = Object.fromEntries(Object.entries(PARTS).map(([part, names]) => [part, named(names)]));
  const simple = named(SIMPLE);
  if (simple.length === 0 && Object.values(wanted).every((names) => names.length === 0)) return;
  const now = () => clock.elapsed();
  const told = () => (clock.check(), clock.elapsed());
  const parts: Readonly<Record<keyof typeof PARTS, () => void>> = {
    console: () => {
      const write = (args: HostArguments) => void log(args.text(0), args.json(1));
      realm.install("console", { functions: { log: write, now } });
    },
    encoding: () => void realm.install("encoding", { functions: ENCODING }),
    url: () => void realm.install("url", { functions: URLS }),
    events: () => installEvents(realm, clock),
    structured_clone: () => void realm.install("structured_clone", { functions: {} }),
  };
  realm.install("globals", {
    functions: {
      parts: () => JSON.stringify({ parts: wanted, simple, networkRefusal }),
      install: (args) => void parts[args.text(0) as keyof typeof PARTS](),
      now: told,
      origin: () => (clock.check(), clock.begun),
    },
  });
}

function exactClock(): GlobalClock {
  const start = performance.now();
  return { begun: Date.now(), elapsed: () => performance.now() - start, check: () => {} };
}

const ENCODING = {
  encode: (args: HostArguments) => new TextEncoder().encode(args.json(0)),
  encodingOf: (args: HostArguments) => new TextDecoder(args.text(0)).encoding,
  decode(args: HostArguments) {
    const options = { fatal: args.isTrue(2), ignoreBOM: args.isTrue(3) };
    return JSON.stringify(new TextDecoder(args.text(1), options).decode(args.bytes(0)));
  },
  atob: (args: HostArguments) => JSON.stringify(atob(args.json(0))),
  btoa: (args: HostArguments) => JSON.stringify(btoa(args.json(0))),
  random: (args: HostArguments) => crypto.getRandomValues(new Uint8Array(args.number(0))),
  uuid: () => crypto.randomUUID(),
};

const URLS = {
  readUrl(args: HostArguments) {
    const [href, base]: [string, string?] = args.json(0);
    return partsOf(new URL(href, base));
  },
  writeUrl(args: HostArguments) {
    const [href, part, value]: [string, Exclude<typeof URL_PARTS[number], "origin">, string] = args.json(0);
    const url = new URL(href);
    url[part] = value;
    return partsOf(url);
  },
  readSearch: (args: HostArguments) => JSON.stringify([...new URLSearchParams(args.json(0))]),
  writeSearch: (args: HostArguments) => JSON.stringify(new URLSearchParams(args.json(0)).toString()),
};

function partsOf(url: URL): string {
  return JSON.stringify(Object.fromEntries(URL_PARTS.map((part) => [part, url[part]])));
}

function installEvents(realm: Realm, clock: GlobalClock): void {
  /** What ends each. */
  const timers = new Map<number, () => void>();
  const stop = (id: number) => {
    timers.get(id)?.();
    timers.delete(id);
  };
  const events: Installed = realm.install("events", {
    functions: {
      now: () => clock.elapsed(),
      start(args) {
        // what waits for a time tells it
        clock.check();
        const id = args.number(0);
        const fire = () => {
          timers.delete(id);
          events.call("fire", id);
        };
        timers.set(id, realm.after(args.number(1), fire));
        return undefined;
      },
      stop: (args) => void stop(args.number(0)),
    },
  });
  realm.onClose(() => [...timers.keys()].forEach(stop));
}
