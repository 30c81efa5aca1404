/**
 * The globals that scripts find beside those of the language: `console`, timers, URLs, encodings, random values, events.
 *
 * @module
 */
/// <reference path="./texts.d.ts" />
import type { Expected, Installed, Realm } from "./realm.ts";
import type { HostArguments } from "./marshalling.ts";
import consoleSource from "./prelude/console.js" with { type: "text" };
import encodingSource from "./prelude/encoding.js" with { type: "text" };
import eventsSource from "./prelude/events.js" with { type: "text" };
import globalsSource from "./prelude/globals.js" with { type: "text" };
import structuredCloneSource from "./prelude/structured_clone.js" with { type: "text" };
import urlSource from "./prelude/url.js" with { type: "text" };

const URL_PARTS = [
  ...["href", "origin", "protocol", "username", "password"],
  ...["host", "hostname", "port", "pathname", "search", "hash"],
] as const;

/** Milliseconds; what is longer, a timer takes for none. */
const LONGEST_TIMEOUT = 2 ** 31 - 1;

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

/** Installs the globals. Those of a part cost nothing until one of them is used. */
export function installGlobals(realm: Realm, { log }: { readonly log: Log }): void {
  const start = performance.now();
  const now = () => performance.now() - start;
  const parts: Readonly<Record<keyof typeof PARTS, () => void>> = {
    console: () => {
      const write = (args: HostArguments) => void log(args.text(0), args.json(1));
      realm.install({ name: "console", source: consoleSource, functions: { log: write, now } });
    },
    encoding: () => void realm.install({ name: "encoding", source: encodingSource, functions: ENCODING }),
    url: () => void realm.install({ name: "url", source: urlSource, functions: URLS }),
    events: () => installEvents(realm),
    structured_clone: () =>
      void realm.install({ name: "structured_clone", source: structuredCloneSource, functions: {} }),
  };
  realm.install({
    name: "globals",
    source: globalsSource,
    functions: {
      parts: () => JSON.stringify(PARTS),
      install: (args) => void parts[args.text(0) as keyof typeof PARTS](),
      now,
      origin: () => Date.now(),
    },
  });
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

function installEvents(realm: Realm): void {
  const timers = new Map<number, { readonly expected: Expected; readonly timer: ReturnType<typeof setTimeout> }>();
  const stop = (id: number) => {
    const { expected, timer } = timers.get(id) ?? {};
    clearTimeout(timer);
    expected?.cancel();
    timers.delete(id);
  };
  const events: Installed = realm.install({
    name: "events",
    source: eventsSource,
    functions: {
      start(args) {
        const id = args.number(0);
        const expected = realm.expect();
        const fire = () => {
          timers.delete(id);
          expected.happen(() => void events.call("fire", id));
        };
        timers.set(id, { expected, timer: setTimeout(fire, Math.min(args.number(1), LONGEST_TIMEOUT)) });
        return undefined;
      },
      stop: (args) => void stop(args.number(0)),
    },
  });
  realm.onClose(() => [...timers.keys()].forEach(stop));
}
