// deno-lint-ignore-file no-console -- that of the engine, which is ours
/**
 * The globals: those that need more than a line are made when they are first used.
 *
 * A script of the engine, given functions of the host.
 */
((host, { defineLater, define }) => {
  const asked = JSON.parse(host.parts());
  for (const [part, names] of Object.entries(asked.parts)) {
    for (const name of names) defineLater(name, () => host.install(part));
  }
  const queue = Promise.prototype.then.bind(Promise.resolve());
  const simple = {
    performance: {
      now: () => host.now(),
      get timeOrigin() {
        return host.origin();
      },
    },
    queueMicrotask: (use) => void queue(() => use()).catch((error) => console.error(error)),
    fetch: () => {
      throw new TypeError(asked.networkRefusal);
    },
  };
  for (const name of asked.simple) defineLater(name, () => define(simple));
});
