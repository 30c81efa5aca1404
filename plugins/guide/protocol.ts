/**
 * The page about the script protocol.
 *
 * @module
 */

const REQUEST = `{"jsonrpc":"2.0","method":"execute","id":1,"params":{
  "arguments": {},
  "context": {
    "roots": ["/home/you/project"],
    "working_directory": "/tmp/…",
    "tool_name": "my_tool",
    "environment": {"HOME":"…","PATH":"…","LANG":"…"},
    "tools_dir": "/home/you/.collet/tools",
    "capabilities": {"sampling":false,"elicitation":true,"memory":true,"resources":true,"prompts":true,"tools":true,
                     "completion":true,"roots":true},
    "_meta": {"progressToken":"…"}
  }}}`;

/** Writes `collet://protocol`. */
export function protocolPage(): string {
  return `# Script protocol

A script tool is a program. It is started for each call, reads one request, and writes its answer. Messages are JSON-RPC
2.0, one a line, UTF-8. Flush after each line.

In Python, JavaScript, TypeScript, Ruby and Bash the module \`collet_tool\` does all of this; it is there without being
installed. \`collet://examples\` shows it.

## The request

One line on stdin (here on several, to read it better). Read a line, not to the end: stdin stays open for replies. A
script whose source reads to the end gets the end at once, and can send no requests.

\`\`\`json
${REQUEST}
\`\`\`

The arguments have been checked against the tool's \`input_schema\` already.

## The answer

\`\`\`json
{"jsonrpc":"2.0","id":1,"result":{"words":6}}
{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"what went wrong, and how to mend it"}}
\`\`\`

The first answer counts as soon as it arrives. A result that is an object is structured content, and text as well; a
string is text. An error, or an exit with another code than 0 and no answer, fails the call. A script that writes no
JSON-RPC answers with what it printed, all of it. stderr is for you to read: it goes to the log, and into the message
of a failed call, and never changes a result.

## While it runs

Without an id, no reply:

| method | params |
| --- | --- |
| \`log\`, \`logging/message\`, \`notifications/message\` | \`level\`, \`message\`, \`data\`? |
| \`progress\`, \`notifications/progress\`, \`progress/update\` | \`current\`, \`total\`?, \`message\`? |
| \`stream\`, \`stream/chunk\` | \`data\`, \`index\`?, \`is_final\`? |

With an id of the script's own, and a reply on stdin:

| method | params | reply |
| --- | --- | --- |
| \`elicitation/create\` | \`message\`, \`requestedSchema\` | \`{"action":"accept","content":{…}}\`, or \`decline\`, \`cancel\` |
| \`sampling/createMessage\` | \`messages\`, \`maxTokens\`, … | \`{"role","content","model","stopReason"}\` |
| \`tools/call\` | \`name\`, \`arguments\`?, \`version\`? | \`{"output":…}\` |
| \`tools/list\` | | \`{"tools":[{"name","description","inputSchema",…}]}\` |
| \`resources/list\`, \`resources/templates/list\` | | \`{"resources":[…]}\`, \`{"resourceTemplates":[…]}\` |
| \`resources/read\` | \`uri\` | \`{"contents":[{"uri","mimeType","text"}]}\`, or \`blob\` (base64) in place of \`text\` |
| \`prompts/list\`; \`prompts/get\` | ; \`name\`, \`arguments\`? | \`{"prompts":[…]}\`; \`{"description","messages"}\` |
| \`completion/complete\` | \`ref\` (\`{"type":"ref/prompt","name"}\`, \`ref/tool\`, or \`ref/resource\` with \`uri\`), \`argument\` (\`{"name","value"}\`) | \`{"completion":{"values":[…],"total","hasMore"}}\` |
| \`roots/list\` | | \`{"roots":[{"uri","name"}]}\` |
| \`memory/get\` | \`key\` | \`{"value":…}\`, \`null\` when it is absent |
| \`memory/set\` | \`key\`, \`value\`, \`ttl\`? in seconds | \`{"success":true}\` |
| \`memory/list\` | \`prefix\`? | \`{"keys":[…]}\` |
| \`memory/delete\` | \`key\` | \`{"deleted":true}\` |
| \`memory/update\` | \`key\`, \`value\`, \`ttl\`? | \`{"value":{…}}\`, the object with these members set, those that are \`null\` removed |
| \`memory/increment\` | \`key\`, \`by\`? (1), \`ttl\`? | \`{"value":2}\`, the sum |
| \`memory/entries\` | \`prefix\`?, \`limit\`? (100), \`cursor\`? | \`{"entries":[{"key","value","version"}],"cursor"}\`, without \`cursor\` on the last page |
| \`memory/bulk_get\` | \`keys\` | \`{"values":{"a":1,"b":null}}\` |
| \`memory/bulk_set\` | \`entries\` (an object, or a list of \`{"key","value","ttl"}\`), \`ttl\`? | \`{"success":true,"stored":2}\`, all or nothing |
| \`memory/bulk_delete\` | \`keys\`, or \`prefix\` | \`{"deleted":2}\` |

A request that fails is answered with \`{"error":"why"}\` as its result, and a method that does not exist with error
-32601; a tool that was registered with \`protocol: 2\` gets every failure as a JSON-RPC error, and a result
\`{"content":[…]}\` of it that is content of MCP is the result of the call. \`capabilities\` in the
request says what there is. A script remembers under its own name what it is to find again in the next call, for each
caller apart; the tool \`memory\` reads and writes the same. Lists are what the client of the call sees.

## Limits

A call ends after 300 seconds, or after the tool's \`timeout_ms\`, and when its client cancels it. The script is told:
\`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1,"reason":"…"}}\`, then stdin ends. It has 1 s
to end by itself; then it is ended with all that it started. It starts in an empty folder of its own that is removed
afterwards, with \`PATH\`, \`HOME\`, \`LANG\`, \`TERM\` and \`TMPDIR\`, what it was granted (\`secrets\` and \`env\` of
\`grants\`; secrets are in \`context.environment\` as well), and nothing else of the server's environment. A line, and
plain output as a whole, is at most 16 MiB.
`;
}
