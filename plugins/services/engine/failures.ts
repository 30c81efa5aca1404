/**
 * What engines say when they fail, and what to do then.
 *
 * @module
 */

/** Most characters of an engine's own words. */
const MOST_WORDS = 1_000;

const AWAY_REGEXP =
  /cannot connect to the docker daemon|error during connect|is the docker daemon running|failed to connect to the docker api|unable to connect to podman|cannot connect to podman|connection reset by peer|docker daemon is not running|context canceled.*docker\.sock|: EOF$/im;
const DENIED_REGEXP = /permission denied.*(?:docker\.sock|daemon socket|docker api)/i;

/** Says what to do about what an engine says. The first pattern that fits counts. */
const REMEDIES: readonly (readonly [pattern: RegExp, remedy: string])[] = [
  [
    /port is already allocated|address already in use|ports are not available|rootlessport .*bind/i,
    'the port is taken by another program or service: choose another port of this machine in "ports", or leave it out, ' +
    'as in "5432", to get any free one; then define the service again with overwrite',
  ],
  [
    /manifest unknown|manifest for .* not found|not found: manifest|no matching manifest/i,
    "the image has no such tag for this machine: look up which tags there are, and define the service with one of them",
  ],
  [
    /pull access denied|repository does not exist|requested access to the resource is denied|unauthorized|authentication required/i,
    "there is no such image, or it is private: check its name, or log in with the engine's own `login` on this machine",
  ],
  [
    /toomanyrequests|rate limit/i,
    "the registry lets through no more for now: wait, log in with the engine's own `login`, or use a mirror",
  ],
  [
    /no such host|dial tcp|i\/o timeout|tls handshake|connection refused|network is unreachable|server misbehaving|context deadline exceeded/i,
    "the registry of the image cannot be reached: check the network of this machine and the name of the image, or bring " +
    "the image here by the engine's own `load` or `import`",
  ],
  [/no space left on device/i, "the disk is full: the action prune, or the engine's own `system prune`, makes room"],
  [
    /executable file not found|no such file or directory.*unknown|exec format error/i,
    "the image has no such program, or it is one for another processor: correct the command, or choose another image",
  ],
  [
    /volume is in use|volume .* is being used/i,
    "a container still uses the volume: stop and remove that service first",
  ],
  [/has active endpoints/i, "containers still use the network: stop them first"],
  [
    /is already in use by container|name .* is already in use/i,
    "another container has the name: remove it, or name the service otherwise",
  ],
  [
    /(?:minimum memory limit|range of cpus|invalid (?:size|memory)|memory limit)/i,
    'correct "memory" or "cpus", and define the service again with overwrite',
  ],
  [/short-name .* did not resolve/i, "write the image with its registry, such as registry.example/name:tag"],
  [/is not running/i, "start the service first"],
];

/** Tells whether what an engine says means that its daemon does not answer. */
export function isAway(words: string): boolean {
  return AWAY_REGEXP.test(words) || DENIED_REGEXP.test(words);
}

/** Says what to do when the daemon of an engine does not answer. */
export function remedyForAway(kind: "docker" | "podman", words: string): string {
  if (DENIED_REGEXP.test(words)) {
    return "this user may not use its socket: add the user to the group docker and log in anew, or use rootless Docker or Podman";
  }
  return kind === "docker"
    ? "start it (`systemctl start docker`, or open Docker Desktop), or set DOCKER_HOST where it listens elsewhere"
    : "start it (`podman machine start`, or `systemctl --user start podman.socket`)";
}

/** Says what to do about what an engine says; `undefined` where nothing is known. */
export function remedyFor(words: string): string | undefined {
  return REMEDIES.find(([pattern]) => pattern.test(words))?.[1];
}

/** Lines that tell nothing that others do not. */
const NOISE_REGEXP = /^(?:See '.* --help'|Error: failed to start containers: \S+$)/;

/** Shortens what an engine says: no hints on its own help, no more than is read. */
export function shownWords(words: string): string {
  const lines = words.split("\n").map((it) => it.trim()).filter((it) => it !== "" && !NOISE_REGEXP.test(it));
  const text = lines.join(" ").replace(/^(?:docker: )?Error(?: response from daemon)?: /, "");
  return text.length > MOST_WORDS ? `${text.slice(0, MOST_WORDS)}…` : text;
}
