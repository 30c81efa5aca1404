// deno-lint-ignore-file no-console -- that of the engine, which is ours
/**
 * The globals: those that need more than a line are made when they are first used.
 *
 * A script of the engine, given functions of the host.
 */
((host, { defineLater, define }) => {
  for (const [part, names] of Object.entries(JSON.parse(host.parts()))) {
    for (const name of names) defineLater(name, () => host.install(part));
  }
  const queue = Promise.prototype.then.bind(Promise.resolve());
  const simple = {
    performance: { now: () => host.now(), timeOrigin: host.origin() },
    queueMicrotask: (use) => void queue(() => use()).catch((error) => console.error(error)),
    fetch: () => {
      throw new TypeError("There is no network in here: call a tool that has it, by ctx.callTool(name, args)");
    },
  };
  for (const name of Object.keys(simple)) defineLater(name, () => define(simple));
});
