/**
 * What scripts remember, for `ctx.memory` of tools and `memory` of code.
 *
 * A script of the engine. It adds `memoryBy` to the bridge, which takes what sends a message of the script protocol.
 */
((_, bridge) => {
  const { freeze } = Object;

  bridge.memoryBy = (request) =>
    freeze({
      get: async (key, otherwise) => (await request("memory/get", { key })).value ?? otherwise,
      set: async (key, value, { ttl, ifVersion } = {}) =>
        void await request("memory/set", { key, value: value ?? null, ttl, if_version: ifVersion }),
      delete: async (key) => (await request("memory/delete", { key })).deleted,
      list: async (prefix = "") => (await request("memory/list", { prefix })).keys,
      update: async (key, patch, { ttl } = {}) => (await request("memory/update", { key, value: patch, ttl })).value,
      increment: async (key, by = 1, { ttl } = {}) => (await request("memory/increment", { key, by, ttl })).value,
      async *entries(prefix = "") {
        let cursor;
        do {
          const page = await request("memory/entries", { prefix, cursor });
          yield* page.entries;
          cursor = page.cursor;
        } while (cursor !== undefined && cursor !== null);
      },
      bulkGet: async (keys) => (await request("memory/bulk_get", { keys })).values,
      bulkSet: async (values, { ttl } = {}) => void await request("memory/bulk_set", { entries: values, ttl }),
      bulkDelete: async (keys) => (await request("memory/bulk_delete", { keys })).deleted,
    });
});
