/* Does what the field "action" of its arguments says. */
#include "collet_tool.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static char *input;

static char *text_of(const char *name) {
  char *text = collet_text(input, name);
  return text ? text : collet_format("");
}

static int is_action(const char *action, const char *name) { return strcmp(action, name) == 0; }

static int points_in(const char *text) {
  int points = 0;
  for (; *text; text++) points += (*text & 0xc0) != 0x80;
  return points;
}

static int fail(const char *what) {
  perror(what);
  return 1;
}

static int write_file(void) {
  char *text = text_of("text");
  FILE *file = fopen(text_of("path"), "w");
  if (!file) return fail("fopen");
  if (fputs(text, file) < 0 || fclose(file) != 0) return fail("fputs");
  printf("{\"written\":%zu}", strlen(text));
  return 0;
}

static int read_file(void) {
  char text[256] = "";
  FILE *file = fopen(text_of("path"), "r");
  if (!file) return fail("fopen");
  fread(text, 1, sizeof text - 1, file);
  printf("{\"text\":%s}", collet_quote(text));
  return 0;
}

static int help(void) {
  collet_log("warning", "helping é🎉");
  collet_progress(1, 2, "half");
  double calls = collet_memory_increment("calls", 1);
  char *pong = collet_call_tool("ping", "{}");
  if (!pong) {
    fprintf(stderr, "%s\n", collet_error());
    return 1;
  }
  printf("{\"calls\":%.0f,\"pong\":%s}", calls, pong);
  return 0;
}

int main(void) {
  input = collet_input();
  char *action = text_of("action");
  if (is_action(action, "echo")) {
    char *text = text_of("text");
    char *value = collet_member(input, "value");
    printf("{\"value\":%s,\"text\":%s,\"points\":%d}", value, collet_quote(text), points_in(text));
  } else if (is_action(action, "size")) {
    char *text = text_of("text");
    printf("{\"bytes\":%zu,\"text\":%s}", strlen(text), collet_quote(text));
  } else if (is_action(action, "exit")) {
    fputs("it was asked for\nthe reason is é🎉\n", stderr);
    return 3;
  } else if (is_action(action, "trap")) {
    __builtin_trap();
  } else if (is_action(action, "loop")) {
    for (volatile int turn = 0;; turn++);
  } else if (is_action(action, "memory")) {
    /* what nobody reads would be left out */
    for (char *volatile last = NULL;;) {
      char *piece = malloc(1 << 20);
      if (!piece) return fail("malloc");
      memset(piece, 1, 1 << 20);
      last = piece;
    }
  } else if (is_action(action, "write")) {
    return write_file();
  } else if (is_action(action, "read")) {
    return read_file();
  } else if (is_action(action, "env")) {
    char *value = getenv(text_of("name"));
    printf("{\"value\":%s}", value ? collet_quote(value) : "null");
  } else if (is_action(action, "random")) {
    unsigned char bytes[8];
    if (getentropy(bytes, sizeof bytes) != 0) return fail("getentropy");
    printf("{\"random\":\"");
    for (size_t at = 0; at < sizeof bytes; at++) printf("%02x", bytes[at]);
    printf("\"}");
  } else if (is_action(action, "clock")) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    printf("{\"ms\":%lld}", now.tv_sec * 1000LL + now.tv_nsec / 1000000);
  } else if (is_action(action, "help")) {
    return help();
  } else {
    fprintf(stderr, "there is no action \"%s\"\n", action);
    return 1;
  }
  return 0;
}
