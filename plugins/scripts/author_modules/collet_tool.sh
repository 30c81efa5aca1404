# shellcheck shell=sh disable=SC3043
# Speaks the script protocol of Collet for a tool written for a shell: Bash (3.2 or newer) or another POSIX shell that
# has `local`. It needs awk, and nothing else.
#
#     . collet_tool.sh
#
#     main() {
#       collet_log info "Greeting"
#       printf 'Hello, %s\n' "$(collet_argument name)"
#     }
#     collet_run main
#
# What the handler prints is the result: a text, or with `collet_run --json` the JSON that it is. A handler that ends
# with another status than 0 fails the call, as does `collet_fail`. Functions that ask the server print what it answers,
# end with status 1 where there is nothing, and with 2 after saying on stderr why they failed.
#
# A script that is run for what it prints needs no handler, and what it prints stays its output.
#
# Values of JSON are named by the path to them, a word for each member or index: `collet_get "$json" items 0 name`.
# A text is printed as it is, anything else as JSON.

_collet_separator=$(printf '\034')
_collet_nothing='{}'
_collet_last_id=0
_collet_request_id=1
collet_request_line=

# A reader of JSON in portable awk. COLLET_MODE says what is wanted of stdin:
#   get, raw, each   the value at COLLET_PATH, as text, as JSON, or the values in it, one a line
#   keys             the names or indexes in the value at COLLET_PATH, one a line
#   json             the whole on one line, checked
#   reply            the result of the reply to COLLET_ID, else status 3 and why it failed, 4 cancelled, 5 something else
#   quote            stdin, which is no JSON, as a text of JSON
# shellcheck disable=SC2016
_collet_awk='
function stop(status) { code = status; exit status }
function skip() { while (index(" \t\n\r", substr(text, at, 1)) > 0 && at <= size) at++ }
function scan_text(   piece) {
  at++
  while (at <= size) {
    piece = substr(text, at, 256)
    if (!match(piece, special)) { at += length(piece); continue }
    at += RSTART
    piece = substr(piece, RSTART, 1)
    if (piece == "\"") return
    if (piece != "\\") stop(2)
    at++
  }
  stop(2)
}
function scan(path, depth,   begin, head, key, n) {
  # mawk goes little deeper
  if (depth > 140) { print "Cannot read JSON that is nested deeper than 140 levels\n" > "/dev/stderr"; stop(2) }
  skip()
  begin = at
  head = substr(text, at, 1)
  if (head == "{" || head == "[") {
    at++; n = 0; skip()
    while (substr(text, at, 1) != (head == "{" ? "}" : "]")) {
      if (n > 0) { if (substr(text, at, 1) != ",") stop(2); at++; skip() }
      key = n
      if (head == "{") {
        if (substr(text, at, 1) != "\"") stop(2)
        key = at; scan_text()
        key = depth < wanted ? plain(substr(text, key, at - key)) : ""
        skip(); if (substr(text, at, 1) != ":") stop(2); at++
      }
      if (depth < wanted) { names[path, n] = key; count[path] = n + 1 }
      scan(path SUBSEP key, depth + 1)
      n++; skip()
    }
    at++
  } else if (head == "\"") scan_text()
  else {
    while (at <= size && index(",]} \t\n\r", substr(text, at, 1)) == 0) at++
    key = substr(text, begin, at - begin)
    if (key !~ /^(true|false|null|-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?)$/) stop(2)
  }
  if (depth <= wanted) { from[path] = begin; till[path] = at }
}
function raw(path) { return substr(text, from[path], till[path] - from[path]) }
# Long texts are taken block by block: to cut or join a text costs its length each time.
function plain(json,   out, end, p) {
  if (substr(json, 1, 1) != "\"") return json
  out = ""
  end = length(json) - 1
  for (p = 2; p <= end; p += used) {
    used = 0
    out = out plain_block(substr(json, p, block < end - p + 1 ? block : end - p + 1), p + block > end)
  }
  return out
}
# Sets used to the length of what it took: an escape at the end of a block may go on in the next.
function plain_block(json, is_last,   out, i, size, next_one, extra) {
  out = ""
  size = length(json)
  while ((i = index(json, "\\")) > 0 && (is_last || length(json) - i >= 12)) {
    out = out substr(json, 1, i - 1)
    next_one = substr(json, i + 1, 1)
    extra = 0
    if (next_one == "u") { out = out unicode(substr(json, i + 2, 10)); extra = width }
    else out = out (next_one in escapes ? escapes[next_one] : next_one)
    json = substr(json, i + 2 + extra)
  }
  if (i > 0) { used = size - length(json) + i - 1; return out substr(json, 1, i - 1) }
  used = size
  return out json
}
function hex(digits,   i, n) {
  n = 0
  for (i = 1; i <= 4; i++) n = n * 16 + index("0123456789abcdef", tolower(substr(digits, i, 1))) - 1
  return n
}
function unicode(json,   n, low) {
  width = 4
  n = hex(json)
  if (n >= 55296 && n <= 56319 && substr(json, 5, 2) == "\\u") {
    low = hex(substr(json, 7, 4))
    if (low >= 56320 && low <= 57343) { width = 10; n = 65536 + (n - 55296) * 1024 + low - 56320 }
  }
  if (n >= 55296 && n <= 57343) n = 65533
  if (n == 0) return ""
  if (n < 128) return sprintf("%c", n)
  if (n < 2048) return sprintf("%c%c", 192 + int(n / 64), 128 + n % 64)
  if (n < 65536) return sprintf("%c%c%c", 224 + int(n / 4096), 128 + int(n / 64) % 64, 128 + n % 64)
  return sprintf("%c%c%c%c", 240 + int(n / 262144), 128 + int(n / 4096) % 64, 128 + int(n / 64) % 64, 128 + n % 64)
}
function replaced(line, what, by,   out, i) {
  out = ""
  while ((i = index(line, what)) > 0) { out = out substr(line, 1, i - 1) by; line = substr(line, i + 1) }
  return out line
}
function quoted(line,   out, p) {
  out = ""
  for (p = 1; p <= length(line); p += block) out = out quoted_block(substr(line, p, block))
  return out
}
function quoted_block(line,   i, c) {
  line = replaced(replaced(line, "\\", "\\\\"), "\"", "\\\"")
  if (line !~ control) return line
  for (i = 1; i < 32; i++) {
    c = sprintf("%c", i)
    if (index(line, c) > 0) line = replaced(line, c, sprintf("\\u%04x", i))
  }
  return line
}
function one_line(json) { gsub(/[\n\r]/, " ", json); return json }
BEGIN {
  ORS = ""
  block = 4096
  mode = ENVIRON["COLLET_MODE"]
  target = ENVIRON["COLLET_PATH"]
  control = "[" sprintf("%c", 1) "-" sprintf("%c", 31) "]"
  special = "[\"\\\\" sprintf("%c", 1) "-" sprintf("%c", 31) "]"
  escapes["n"] = "\n"; escapes["t"] = "\t"; escapes["r"] = "\r"; escapes["b"] = "\b"; escapes["f"] = "\f"
  if (mode == "quote") print "\""
}
mode == "quote" { print (NR > 1 ? "\\n" : "") quoted($0); next }
{ part = part (NR > 1 ? "\n" : "") $0 }
length(part) > 65536 { text = text part; part = "" }
END {
  if (code) exit code
  if (mode == "quote") { print "\""; exit 0 }
  text = text part
  size = length(text); at = 1
  wanted = mode == "reply" ? 2 : split(target, parts, SUBSEP) - 1
  if (wanted < 0) wanted = 0
  if (mode == "each" || mode == "keys") wanted++
  scan("", 0); skip()
  if (at <= size) exit 2
  if (mode == "json") { print one_line(text); exit 0 }
  if (mode == "reply") {
    if ((SUBSEP "method") in from) exit plain(raw(SUBSEP "method")) == "notifications/cancelled" ? 4 : 5
    if (raw(SUBSEP "id") != ENVIRON["COLLET_ID"]) exit 5
    result = SUBSEP "result"
    failure = SUBSEP "error" SUBSEP "message"
    # revision 1 of the protocol tells of a failure in the result; beside "error" an elicitation has its "action"
    if (!(failure in from) && (result SUBSEP "error") in from && count[result] <= 2) failure = result SUBSEP "error"
    if (failure in from) { print plain(raw(failure)); exit 3 }
    print raw(result); exit 0
  }
  if (!(target in from)) exit 1
  if (mode == "get") print plain(raw(target))
  if (mode == "raw") print one_line(raw(target))
  if (mode == "keys") for (i = 0; i < count[target]; i++) print names[target, i] "\n"
  if (mode == "each") for (i = 0; i < count[target]; i++) print one_line(raw(target SUBSEP names[target, i])) "\n"
}'

_collet_read() { # MODE JSON [PATH…]
  local mode="$1" json="$2" path="" word
  shift 2
  for word in "$@"; do path="$path$_collet_separator$word"; done
  printf '%s\n' "$json" | COLLET_MODE="$mode" COLLET_PATH="$path" LC_ALL=C awk "$_collet_awk"
}

# collet_get JSON [PATH…]: prints the value at a path; status 1 where there is none, 2 where JSON is not JSON.
collet_get() { _collet_read get "$@"; }

# collet_raw JSON [PATH…]: prints the value at a path as JSON, a text in quotes.
collet_raw() { _collet_read raw "$@"; }

# collet_each JSON [PATH…]: prints the values of a list or an object as JSON, one a line.
collet_each() { _collet_read each "$@"; }

# collet_keys JSON [PATH…]: prints the names of an object's members, one a line; of a list, its indexes.
collet_keys() { _collet_read keys "$@"; }

# collet_quote TEXT: prints a text as JSON.
collet_quote() { printf '%s\n' "$1" | COLLET_MODE=quote LC_ALL=C awk "$_collet_awk"; }

# collet_object NAME=TEXT NAME:=JSON …: prints an object.
collet_object() {
  local pair name value comma=""
  printf '{'
  for pair in "$@"; do
    name="${pair%%=*}"
    value="${pair#*=}"
    case $name in
      *:) name="${name%:}" ;;
      *) value=$(collet_quote "$value") ;;
    esac
    printf '%s%s:%s' "$comma" "$(collet_quote "$name")" "$value"
    comma=,
  done
  printf '}'
}

# collet_list TEXT…: prints a list of texts.
collet_list() {
  local text comma=""
  printf '['
  for text in "$@"; do
    printf '%s%s' "$comma" "$(collet_quote "$text")"
    comma=,
  done
  printf ']'
}

# collet_argument PATH…: prints an argument of the call; status 1 where it was not given.
collet_argument() { collet_get "$collet_request_line" params arguments "$@"; }

# collet_arguments: prints all arguments as JSON.
collet_arguments() { collet_raw "$collet_request_line" params arguments; }

# collet_context PATH…: prints what the script is told of its call: roots, working_directory, tool_name, tools_dir,
# environment, capabilities, _meta progressToken. Lists and objects are JSON.
collet_context() { collet_get "$collet_request_line" params context "$@"; }

# collet_run [--json] HANDLER [WORD…]: runs a handler, and answers with what it prints. In a tool that is persistent it
# runs for one call after the other, each in a shell of its own.
collet_run() {
  local form=text
  if [ "$1" = --json ]; then
    form=json
    shift
  fi
  if [ -n "${_collet_is_code-}" ]; then
    "$@"
    return
  fi
  # the protocol has descriptors of its own: what the handler prints and reads is not of it
  exec 8<&0 9>&1 </dev/null 1>&2
  if ! IFS= read -r collet_request_line <&8; then
    printf 'Cannot run the tool: no request came on stdin\n' >&2
    exit 1
  fi
  _collet_serve "$form" "$@"
  while [ "${COLLET_TOOL_PERSISTENT-}" = 1 ] && IFS= read -r collet_request_line <&8; do
    _collet_serve "$form" "$@"
  done
}

_collet_serve() { # FORM HANDLER [WORD…]
  local form="$1" flags="" output status=0 answer
  shift
  if [ "${COLLET_TOOL_PERSISTENT-}" = 1 ]; then _collet_request_id=$(collet_raw "$collet_request_line" id); fi
  case $- in *e*) flags=-e ;; esac
  set +e
  output=$(
    [ -z "$flags" ] || set -e
    "$@"
  )
  status=$?
  if [ "$status" -ne 0 ]; then
    _collet_answer_error "The handler ended with status $status" 1
  elif [ "$form" = text ]; then
    answer=$(collet_quote "$output")
    _collet_answer "\"result\":$answer"
  elif answer=$(_collet_read json "${output:-null}"); then
    _collet_answer "\"result\":$answer"
  else
    _collet_answer_error "The handler printed no JSON: $output" 1
  fi
  [ -z "$flags" ] || set -e
}

_collet_answer() { printf '{"jsonrpc":"2.0","id":%s,%s}\n' "$_collet_request_id" "$1" >&9; }

_collet_answer_error() { # MESSAGE CODE [DATA]
  local data=""
  if [ -n "${3-}" ]; then data=",\"data\":$3"; fi
  _collet_answer "\"error\":{\"code\":$2,\"message\":$(collet_quote "$1")$data}"
}

# collet_fail MESSAGE [DATA]: fails the call with a message, and data that is JSON, and ends the shell that it is called
# in. The first answer counts, so it may be called in $(…) as well.
collet_fail() {
  local data=""
  if [ -n "${_collet_is_code-}" ]; then
    printf '%s\n' "$1" >&2
    exit 1
  fi
  if [ -n "${2-}" ] && ! data=$(_collet_read json "$2"); then data=$(collet_quote "$2"); fi
  _collet_answer_error "$1" 1 "$data"
  exit 1
}

_collet_notify() { printf '{"jsonrpc":"2.0","method":"%s","params":%s}\n' "$1" "$2" >&9; }

# collet_log LEVEL MESSAGE [DATA]: writes to the log of the client; levels are those of MCP. DATA is JSON.
collet_log() {
  local level="$1" message="$2"
  _collet_notify log "$(collet_object "level=$level" "message=$message" ${3+"data:=$3"})"
}

# collet_progress CURRENT [TOTAL [MESSAGE]]: tells how far the call has come; CURRENT must rise.
collet_progress() {
  _collet_notify progress "$(collet_object "current:=$1" "total:=${2:-null}" ${3+"message=$3"})"
}

# collet_stream TEXT: gives a piece of the result as it comes; joined they are the result of a handler that prints
# nothing under `collet_run --json`.
collet_stream() { _collet_notify stream "$(collet_object "data=$1")"; }

# collet_request METHOD [PARAMS]: sends any request of the protocol, and prints the result as JSON. Where it fails, the
# server's words go to stderr, and the status is 2. A call that was cancelled ends here, with status 130.
collet_request() {
  local method="$1" params="${2:-$_collet_nothing}" id line reply status
  _collet_last_id=$((_collet_last_id + 1))
  # in $(…) the count is lost, but replies come in the order in which this shell asks
  id="$_collet_last_id"
  printf '{"jsonrpc":"2.0","id":%s,"method":"%s","params":%s}\n' "$id" "$method" "$params" >&9
  while IFS= read -r line <&8; do
    # another status than 0 would end a dash that has -e, wherever it was called
    status=0
    reply=$(printf '%s\n' "$line" | COLLET_MODE=reply COLLET_ID="$id" LC_ALL=C awk "$_collet_awk") || status=$?
    case $status in
      0)
        printf '%s' "$reply"
        return 0
        ;;
      3)
        printf '%s: %s\n' "$method" "$reply" >&2
        return 2
        ;;
      4)
        printf 'The call was cancelled\n' >&2
        exit 130
        ;;
    esac
  done
  printf '%s: the server has closed the connection\n' "$method" >&2
  return 2
}

# Sends a request, and prints what is at a path of the result; status 1 where it is null.
_collet_ask() { # METHOD PARAMS [PATH…]
  local result value
  result=$(collet_request "$1" "$2") || return $?
  shift 2
  if [ "$(collet_raw "$result" "$@")" = null ]; then return 1; fi
  collet_get "$result" "$@"
}

# collet_call_tool NAME [ARGUMENTS]: calls another tool with JSON, and prints its value.
collet_call_tool() { _collet_ask tools/call "$(collet_object "name=$1" "arguments:=${2:-$_collet_nothing}")" output; }

# collet_elicit MESSAGE SCHEMA: asks the user; prints {"action":"accept"|"decline"|"cancel","content":{…}}.
collet_elicit() { collet_request elicitation/create "$(collet_object "message=$1" "requestedSchema:=$2")"; }

# collet_elicit_url MESSAGE URL: asks the user to open a page; prints {"action":…}.
collet_elicit_url() { collet_request elicitation/create "$(collet_object mode=url "message=$1" "url=$2")"; }

# collet_sample MESSAGES MAX_TOKENS [NAME=TEXT NAME:=JSON …]: asks the model of the client; MESSAGES are those of MCP, a
# list, or a text. Prints {"role","content","model","stopReason"}.
collet_sample() {
  local messages="$1" tokens="$2"
  shift 2
  case $messages in
    \[*) ;;
    *) messages="[{\"role\":\"user\",\"content\":{\"type\":\"text\",\"text\":$(collet_quote "$messages")}}]" ;;
  esac
  collet_request sampling/createMessage "$(collet_object "messages:=$messages" "maxTokens:=$tokens" "$@")"
}

# Lists what the client sees, as JSON.
collet_list_tools() { _collet_ask tools/list '{}' tools; }
collet_list_resources() { _collet_ask resources/list '{}' resources; }
collet_list_resource_templates() { _collet_ask resources/templates/list '{}' resourceTemplates; }
collet_list_prompts() { _collet_ask prompts/list '{}' prompts; }
collet_list_roots() { _collet_ask roots/list '{}' roots; }

# collet_read_resource URI: prints a list of {"uri","mimeType","text" or "blob"}.
collet_read_resource() { _collet_ask resources/read "$(collet_object "uri=$1")" contents; }

# collet_get_prompt NAME [ARGUMENTS]: renders a prompt; prints {"description","messages"}.
collet_get_prompt() { collet_request prompts/get "$(collet_object "name=$1" "arguments:=${2:-$_collet_nothing}")"; }

# collet_complete REF ARGUMENT VALUE: completes an argument of what REF names, JSON; prints a list of texts.
collet_complete() {
  local argument
  argument=$(collet_object "name=$2" "value=$3")
  _collet_ask completion/complete "$(collet_object "ref:=$1" "argument:=$argument")" completion values
}

# What the tool remembers from one call to the next, for each caller apart. Values are JSON; TTL is in seconds.
#   collet_memory get KEY                   prints the value; status 1 where there is none
#   collet_memory set KEY VALUE [TTL]       writes it
#   collet_memory delete KEY                status 1 where there was none
#   collet_memory list [PREFIX]             prints the keys as a list
#   collet_memory update KEY VALUE [TTL]    merges members into an object, atomically; prints it
#   collet_memory increment KEY [BY [TTL]]  adds to a whole number, atomically; prints the sum
#   collet_memory entries [PREFIX [CURSOR]] prints {"entries":[{"key","value",…}],"cursor"}, at most 100
#   collet_memory bulk_get KEY…             prints the values by key
#   collet_memory bulk_set VALUES [TTL]     writes the members of an object, or none of them
#   collet_memory bulk_delete KEY…          prints how many were there
collet_memory() {
  local action="$1"
  shift
  case $action in
    get) _collet_ask memory/get "$(collet_object "key=$1")" value ;;
    set) collet_request memory/set "$(collet_object "key=$1" "value:=$2" "ttl:=${3:-null}")" >/dev/null ;;
    delete) [ "$(_collet_ask memory/delete "$(collet_object "key=$1")" deleted)" = true ] ;;
    list) _collet_ask memory/list "$(collet_object "prefix=${1-}")" keys ;;
    update) _collet_ask memory/update "$(collet_object "key=$1" "value:=$2" "ttl:=${3:-null}")" value ;;
    increment) _collet_ask memory/increment "$(collet_object "key=$1" "by:=${2:-1}" "ttl:=${3:-null}")" value ;;
    entries) collet_request memory/entries "$(collet_object "prefix=${1-}" ${2+"cursor=$2"})" ;;
    bulk_get) _collet_ask memory/bulk_get "$(collet_object "keys:=$(collet_list "$@")")" values ;;
    bulk_set) collet_request memory/bulk_set "$(collet_object "entries:=$1" "ttl:=${2:-null}")" >/dev/null ;;
    bulk_delete) _collet_ask memory/bulk_delete "$(collet_object "keys:=$(collet_list "$@")")" deleted ;;
    *)
      printf 'Cannot use memory: there is no action "%s"\n' "$action" >&2
      return 2
      ;;
  esac
}

if [ "${COLLET_TOOL_CODE-}" = 1 ]; then
  # taken away, since a program that is started is none that is run for what it prints
  unset COLLET_TOOL_CODE
  _collet_is_code=1
  # replies are for nobody else who reads
  exec 8<&0 9>&1 </dev/null
  IFS= read -r collet_request_line <&8 || :
fi
