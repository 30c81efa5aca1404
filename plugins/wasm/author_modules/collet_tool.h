/*
 * What a tool in C or C++ says to the server while it runs.
 *
 *   #include "collet_tool.h"
 *   #include <stdio.h>
 *
 *   int main(void) {
 *     char *input = collet_input();
 *     char *name = collet_text(input, "name");
 *     collet_log("info", "Greeting");
 *     char *quoted = collet_quote(name ? name : "nobody");
 *     printf("{\"greeting\":%s,\"calls\":%.0f}", quoted, collet_memory_increment("calls", 1));
 *   }
 *
 * Values are JSON, as text. Texts that functions give are allocated, and `free` releases them; a tool that ends soon need
 * not. What gives a text gives NULL when it fails, and collet_error() says why then.
 */
#ifndef COLLET_TOOL_H
#define COLLET_TOOL_H

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

__attribute__((import_module("collet"), import_name("request"))) size_t collet_send_(const char *message, size_t length);
__attribute__((import_module("collet"), import_name("reply"))) void collet_receive_(char *reply);

#ifdef __cplusplus
}
#endif

#define COLLET_FUNCTION __attribute__((unused)) static

/* ---- JSON ---- */

/* Gives what printf would write. */
__attribute__((format(printf, 1, 2))) COLLET_FUNCTION char *collet_format(const char *format, ...) {
  va_list values, again;
  va_start(values, format);
  va_copy(again, values);
  int length = vsnprintf(NULL, 0, format, values);
  va_end(values);
  char *text = (char *)malloc((size_t)length + 1);
  if (text) vsnprintf(text, (size_t)length + 1, format, again);
  va_end(again);
  return text;
}

COLLET_FUNCTION char *collet_copy_(const char *text, size_t length) {
  char *copy = (char *)malloc(length + 1);
  if (!copy) return NULL;
  memcpy(copy, text, length);
  copy[length] = 0;
  return copy;
}

COLLET_FUNCTION const char *collet_space_(const char *at) {
  while (*at && (unsigned char)*at <= ' ') at++;
  return at;
}

/* Gives where the value that begins here has ended. */
COLLET_FUNCTION const char *collet_ending_(const char *at) {
  int depth = 0, is_text = 0;
  for (; *at; at++) {
    if (is_text) {
      if (*at == '\\' && at[1]) at++;
      else if (*at == '"') {
        is_text = 0;
        if (depth == 0) return at + 1;
      }
    } else if (*at == '"') is_text = 1;
    else if (*at == '{' || *at == '[') depth++;
    else if (*at == '}' || *at == ']') {
      if (depth == 0) return at;
      if (--depth == 0) return at + 1;
    } else if (depth == 0 && (*at == ',' || *at == ':' || (unsigned char)*at <= ' ')) return at;
  }
  return at;
}

/* Writes a text as JSON. */
COLLET_FUNCTION char *collet_quote(const char *text) {
  char *json = (char *)malloc(strlen(text) * 6 + 3), *to = json;
  if (!json) return NULL;
  *to++ = '"';
  for (; *text; text++) {
    unsigned char unit = (unsigned char)*text;
    if (unit < 0x20) to += sprintf(to, "\\u%04x", unit);
    else {
      if (unit == '"' || unit == '\\') *to++ = '\\';
      *to++ = (char)unit;
    }
  }
  *to++ = '"';
  *to = 0;
  return json;
}

COLLET_FUNCTION unsigned collet_hex_(const char *digits) {
  unsigned value = 0;
  for (int i = 0; i < 4; i++) {
    unsigned digit = (unsigned char)digits[i];
    value = value * 16 + (digit <= '9' ? digit - '0' : (digit | 32) - 'a' + 10);
  }
  return value;
}

COLLET_FUNCTION char *collet_utf8_(char *to, unsigned point) {
  if (point < 0x80) *to++ = (char)point;
  else {
    if (point < 0x800) *to++ = (char)(0xc0 | point >> 6);
    else {
      if (point < 0x10000) *to++ = (char)(0xe0 | point >> 12);
      else {
        *to++ = (char)(0xf0 | point >> 18);
        *to++ = (char)(0x80 | (point >> 12 & 63));
      }
      *to++ = (char)(0x80 | (point >> 6 & 63));
    }
    *to++ = (char)(0x80 | (point & 63));
  }
  return to;
}

/* Gives the text that a JSON string stands for; other JSON stays as it is. A character 0 ends the text. */
COLLET_FUNCTION char *collet_unquote(const char *json) {
  json = collet_space_(json);
  const char *end = collet_ending_(json);
  char *text = (char *)malloc((size_t)(end - json) + 1), *to = text;
  if (!text) return NULL;
  if (*json != '"' || end[-1] != '"' || end - json < 2) {
    memcpy(text, json, (size_t)(end - json));
    text[end - json] = 0;
    return text;
  }
  for (const char *at = json + 1; at < end - 1; at++) {
    if (*at != '\\') {
      *to++ = *at;
      continue;
    }
    switch (*++at) {
      case 'n': *to++ = '\n'; break;
      case 't': *to++ = '\t'; break;
      case 'r': *to++ = '\r'; break;
      case 'b': *to++ = '\b'; break;
      case 'f': *to++ = '\f'; break;
      case 'u': {
        if (end - at < 6) break;
        unsigned point = collet_hex_(at + 1);
        at += 4;
        /* two halves of one character */
        if (point >= 0xd800 && point < 0xdc00 && end - at > 7 && at[1] == '\\' && at[2] == 'u') {
          point = 0x10000 + ((point - 0xd800) << 10) + (collet_hex_(at + 3) - 0xdc00);
          at += 6;
        }
        to = collet_utf8_(to, point);
        break;
      }
      default: *to++ = *at;
    }
  }
  *to = 0;
  return text;
}

/* Gives the value of a member of an object, as JSON; NULL where there is none. */
COLLET_FUNCTION char *collet_member(const char *object, const char *name) {
  const char *at = object ? collet_space_(object) : "";
  if (*at != '{') return NULL;
  at = collet_space_(at + 1);
  while (*at == '"') {
    const char *key = at, *value;
    at = collet_space_(collet_ending_(at));
    if (*at != ':') return NULL;
    value = collet_space_(at + 1);
    at = collet_ending_(value);
    char *known = collet_unquote(key);
    int is_it = known && strcmp(known, name) == 0;
    free(known);
    if (is_it) return collet_copy_(value, (size_t)(at - value));
    at = collet_space_(at);
    if (*at == ',') at = collet_space_(at + 1);
  }
  return NULL;
}

/* Gives a member of an object as text: a string as what it stands for; NULL where there is none, or it is null. */
COLLET_FUNCTION char *collet_text(const char *object, const char *name) {
  char *json = collet_member(object, name);
  char *text = json && strcmp(json, "null") != 0 ? collet_unquote(json) : NULL;
  free(json);
  return text;
}

/* Gives a member of an object as a number; `otherwise` where there is none. */
COLLET_FUNCTION double collet_number(const char *object, const char *name, double otherwise) {
  char *json = collet_member(object, name);
  char *end = json;
  double number = json ? strtod(json, &end) : otherwise;
  if (end == json) number = otherwise;
  free(json);
  return number;
}

/* ---- the call ---- */

/* Gives the arguments of the call, as JSON. */
COLLET_FUNCTION char *collet_input(void) {
  size_t size = 0, room = 65536;
  char *text = (char *)malloc(room);
  while (text) {
    size_t count = fread(text + size, 1, room - size - 1, stdin);
    size += count;
    if (count == 0) break;
    if (room - size > 1) continue;
    char *larger = (char *)realloc(text, room *= 2);
    if (!larger) free(text);
    text = larger;
  }
  if (text) text[size] = 0;
  return text;
}

COLLET_FUNCTION char **collet_error_(void) {
  static char *error;
  return &error;
}

/* Says why the last request failed; NULL when it did not. */
COLLET_FUNCTION const char *collet_error(void) { return *collet_error_(); }

/* Sends any message of the protocol with its parameters as JSON, and gives its result as JSON. */
COLLET_FUNCTION char *collet_request(const char *method, const char *params) {
  char *name = collet_quote(method);
  char *message = collet_format("{\"method\":%s,\"params\":%s}", name ? name : "\"\"", params);
  free(name);
  free(*collet_error_());
  *collet_error_() = NULL;
  if (!message) return NULL;
  size_t length = collet_send_(message, strlen(message));
  free(message);
  char *reply = (char *)malloc(length + 1);
  if (!reply) return NULL;
  collet_receive_(reply);
  reply[length] = 0;
  char *failure = collet_member(reply, "error");
  char *result = failure ? NULL : collet_member(reply, "result");
  if (failure) *collet_error_() = collet_text(failure, "message");
  free(failure);
  free(reply);
  return result;
}

/* Sends a message, and releases its parameters. */
COLLET_FUNCTION char *collet_request_(const char *method, char *params) {
  char *result = params ? collet_request(method, params) : NULL;
  free(params);
  return result;
}

/* Writes to the log of the client; levels are those of MCP: debug, info, notice, warning, error and above. */
COLLET_FUNCTION void collet_log(const char *level, const char *message) {
  char *a = collet_quote(level), *b = collet_quote(message);
  free(collet_request_("log", collet_format("{\"level\":%s,\"message\":%s}", a, b)));
  free(a);
  free(b);
}

/* Tells how far the call has come; `current` must rise, and a `total` of 0 says that it is not known. */
COLLET_FUNCTION void collet_progress(double current, double total, const char *message) {
  char *text = collet_quote(message);
  char *params = total > 0
    ? collet_format("{\"current\":%g,\"total\":%g,\"message\":%s}", current, total, text)
    : collet_format("{\"current\":%g,\"message\":%s}", current, text);
  free(collet_request_("progress", params));
  free(text);
}

/* Gives a piece of the result as it comes. */
COLLET_FUNCTION void collet_stream(const char *data) {
  char *text = collet_quote(data);
  free(collet_request_("stream", collet_format("{\"data\":%s}", text)));
  free(text);
}

COLLET_FUNCTION char *collet_take_(char *result, const char *name) {
  char *value = result ? collet_member(result, name) : NULL;
  free(result);
  return value;
}

/* Calls another tool with arguments as JSON, and gives its value as JSON. */
COLLET_FUNCTION char *collet_call_tool(const char *name, const char *arguments) {
  char *text = collet_quote(name);
  char *params = collet_format("{\"name\":%s,\"arguments\":%s}", text, arguments);
  free(text);
  return collet_take_(collet_request_("tools/call", params), "output");
}

/* Reads a resource, and gives its contents as a JSON list. */
COLLET_FUNCTION char *collet_read_resource(const char *uri) {
  char *text = collet_quote(uri);
  char *params = collet_format("{\"uri\":%s}", text);
  free(text);
  return collet_take_(collet_request_("resources/read", params), "contents");
}

/* ---- what the tool remembers from one call to the next, for each caller apart; values are JSON ---- */

COLLET_FUNCTION char *collet_memory_(const char *method, const char *name, const char *key, const char *take) {
  char *text = collet_quote(key);
  char *params = collet_format("{\"%s\":%s}", name, text);
  free(text);
  return collet_take_(collet_request_(method, params), take);
}

/* Gives a value; "null" where there is none. */
COLLET_FUNCTION char *collet_memory_get(const char *key) { return collet_memory_("memory/get", "key", key, "value"); }

/* Writes a value for `seconds`, or for good when they are 0; tells whether it succeeded. */
COLLET_FUNCTION int collet_memory_set(const char *key, const char *value, double seconds) {
  char *text = collet_quote(key);
  char *params = seconds > 0
    ? collet_format("{\"key\":%s,\"value\":%s,\"ttl\":%g}", text, value, seconds)
    : collet_format("{\"key\":%s,\"value\":%s}", text, value);
  free(text);
  free(collet_request_("memory/set", params));
  return collet_error() == NULL;
}

/* Removes a value; tells whether it was there. */
COLLET_FUNCTION int collet_memory_delete(const char *key) {
  char *deleted = collet_memory_("memory/delete", "key", key, "deleted");
  int was_there = deleted && strcmp(deleted, "true") == 0;
  free(deleted);
  return was_there;
}

/* Lists the keys that begin with a prefix, as a JSON list. */
COLLET_FUNCTION char *collet_memory_list(const char *prefix) {
  return collet_memory_("memory/list", "prefix", prefix, "keys");
}

/* Adds to a whole number, atomically; gives the sum. */
COLLET_FUNCTION double collet_memory_increment(const char *key, double by) {
  char *text = collet_quote(key);
  char *params = collet_format("{\"key\":%s,\"by\":%.0f}", text, by);
  free(text);
  char *result = collet_request_("memory/increment", params);
  double sum = collet_number(result, "value", 0);
  free(result);
  return sum;
}

#undef COLLET_FUNCTION

#endif
