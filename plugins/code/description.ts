/**
 * What `execute_code` says of itself: it stands in every list of tools, and is as short as it can be.
 *
 * @module
 */

/** How the tool is used. */
export const DESCRIPTION =
  `Run code that calls this server's tools: one call in place of twenty, and only its result comes back.

Each tool is a function: word-count is \`word_count\` or tools["word-count"], one of an imported server tools.server.name.
TypeScript, JavaScript: \`await word_count({ text })\`. Python: \`word_count(text=text)\` or
\`await word_count.aio(text=text)\`. \`return\` at top level gives the result, else what is printed is it. A failed tool
throws. search_tools with format "typescript" tells signatures; collet://code/api tells of resources, prompts, memory,
elicit, progress, files, session.

Example: \`return (await Promise.all(cities.map((city) => weather({ city })))).filter((it) => it.rain)\``;
