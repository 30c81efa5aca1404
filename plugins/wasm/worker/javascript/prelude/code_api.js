/**
 * What code finds beside tools: `resources`, `prompts`, `memory`, `elicit`, `sample`, `files`, `progress`.
 *
 * A script of the engine, given functions of the host. It adds `installApi` to the bridge, which takes what sends a message
 * of the script protocol.
 */
((host, bridge) => {
  const { freeze } = Object;
  const { stringify } = JSON;

  function bufferOf(data) {
    if (data instanceof ArrayBuffer) return data;
    if (!ArrayBuffer.isView(data)) throw new TypeError("Cannot write the file: its content must be a text or bytes");
    return data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength);
  }

  bridge.installApi = (request) => {
    const makers = {
      resources: () =>
        freeze({
          list: async () => (await request("resources/list")).resources,
          templates: async () => (await request("resources/templates/list")).resourceTemplates,
          read: async (uri) => (await request("resources/read", { uri: `${uri}` })).contents,
        }),
      prompts: () =>
        freeze({
          list: async () => (await request("prompts/list")).prompts,
          get: (name, args = {}) => request("prompts/get", { name: `${name}`, arguments: args }),
        }),
      memory: () => {
        host.installMemory();
        return bridge.memoryBy(request);
      },
      elicit: () => (message, requestedSchema) =>
        request("elicitation/create", { message: `${message}`, requestedSchema }),
      sample: () => (messages, maxTokens = 1024, options = {}) => {
        const list = typeof messages === "string"
          ? [{ role: "user", content: { type: "text", text: messages } }]
          : messages;
        return request("sampling/createMessage", { ...options, messages: list, maxTokens });
      },
      files: () =>
        freeze({
          write: async (name, data, { mimeType } = {}) => {
            const content = typeof data === "string" ? { text: data } : { blob: host.toBase64(bufferOf(data)) };
            return await request("files/write", { name: `${name}`, ...content, mimeType });
          },
          readText: async (name) => (await request("files/read", { name: `${name}`, as: "text" })).text,
          readBytes: async (name) => {
            const { blob } = await request("files/read", { name: `${name}`, as: "bytes" });
            return new Uint8Array(host.fromBase64(blob));
          },
          list: async () => (await request("files/list")).files,
        }),
      progress: () => (current, total, message) =>
        void host.progress(stringify({ current, total, message: message === undefined ? undefined : `${message}` })),
    };
    for (const name of Object.keys(makers)) {
      bridge.defineLater(name, () => bridge.defineNow(name, makers[name]()));
    }
  };
});
