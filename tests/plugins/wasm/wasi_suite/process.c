/* Arguments, environment, exit, chance, clocks, streams. */
#include "suite.h"
#include <unistd.h>

#define MILLISECOND 1000000ull

static void args_get(void) {
  size_t count, size;
  OK(__wasi_args_sizes_get(&count, &size));
  CHECK(count == 4);
  uint8_t **args = malloc(count * sizeof *args);
  OK(__wasi_args_get(args, malloc(size)));
  CHECK(strcmp((char *)args[1], "first") == 0);
  CHECK(strcmp((char *)args[2], "the \"second\" arg") == 0);
  CHECK(strcmp((char *)args[3], "3") == 0);
}

static void check_args(size_t expected) {
  size_t count, size;
  OK(__wasi_args_sizes_get(&count, &size));
  CHECK(count == expected);
}

static void args_sizes_many(void) { check_args(4); }
static void args_sizes_none(void) { check_args(1); }

static void environ_get_many(void) {
  const char *expected[] = {"a=text", "b=escap \" ing", "c=new\nline"};
  size_t count, size;
  OK(__wasi_environ_sizes_get(&count, &size));
  CHECK(count == 3);
  uint8_t **variables = malloc(count * sizeof *variables);
  OK(__wasi_environ_get(variables, malloc(size)));
  for (size_t one = 0; one < 3; one++) {
    bool found = false;
    for (size_t it = 0; it < count; it++) found |= strcmp((char *)variables[it], expected[one]) == 0;
    CHECK(found);
  }
}

static void check_environ(size_t expected) {
  size_t count, size;
  OK(__wasi_environ_sizes_get(&count, &size));
  CHECK(count == expected);
}

static void environ_sizes_many(void) { check_environ(3); }
static void environ_sizes_none(void) { check_environ(0); }

static void write_to_invalid(void) {
  size_t done;
  GIVES(__wasi_fd_write(-31337, NULL, 0, &done), E(BADF));
}

static void write_to_stdout(void) {
  size_t done = 0;
  OK(write_bytes(1, "hello", 5, &done));
  CHECK(done == 5);
}

static void exit_33(void) {
  __wasi_proc_exit(33);
  fail(__FILE__, __LINE__, "after exit");
}

static void exit_0(void) {
  __wasi_proc_exit(0);
  fail(__FILE__, __LINE__, "after exit");
}

static void random_some(void) {
  uint8_t bytes[32];
  OK(__wasi_random_get(bytes, sizeof bytes));
}

static void random_none(void) { OK(__wasi_random_get(malloc(1), 0)); }

static void random_big(void) {
  uint8_t bytes[1024] = {0}, any = 0;
  OK(__wasi_random_get(bytes, sizeof bytes));
  for (size_t it = 0; it < sizeof bytes; it++) any |= bytes[it];
  CHECK(any != 0);
}

static void clock_time(void) {
  __wasi_timestamp_t first, second;
  OK(__wasi_clock_time_get(__WASI_CLOCKID_MONOTONIC, 1, &first));
  OK(__wasi_clock_time_get(__WASI_CLOCKID_MONOTONIC, 0, &first));
  OK(__wasi_clock_time_get(__WASI_CLOCKID_MONOTONIC, 0, &second));
  CHECK(first <= second);
}

static void yield(void) { OK(__wasi_sched_yield()); }

static __wasi_subscription_t alarm_in(uint64_t timeout) {
  __wasi_subscription_t alarm = {.userdata = 77, .u.tag = __WASI_EVENTTYPE_CLOCK};
  alarm.u.u.clock.id = __WASI_CLOCKID_MONOTONIC;
  alarm.u.u.clock.timeout = timeout;
  return alarm;
}

static __wasi_subscription_t when_writable(__wasi_fd_t fd) {
  __wasi_subscription_t ready = {.userdata = fd, .u.tag = __WASI_EVENTTYPE_FD_WRITE};
  ready.u.u.fd_write.file_descriptor = fd;
  return ready;
}

static void poll_stdio(void) {
  __wasi_subscription_t reading = {.userdata = 99, .u.tag = __WASI_EVENTTYPE_FD_READ};
  reading.u.u.fd_read.file_descriptor = 0;
  __wasi_subscription_t wanted[] = {alarm_in(200 * MILLISECOND), reading};
  __wasi_event_t events[3];
  size_t count = 0;
  OK(__wasi_poll_oneoff(wanted, events, 2, &count));
  CHECK(count >= 1);
  for (size_t it = 0; it < count; it++) {
    CHECK(events[it].error == 0);
    CHECK(events[it].userdata == (events[it].type == __WASI_EVENTTYPE_CLOCK ? 77 : 99));
  }
  bool done[3] = {false};
  while (!done[1] || !done[2]) {
    __wasi_subscription_t left[3] = {alarm_in(200 * MILLISECOND)};
    size_t number = 1;
    for (__wasi_fd_t fd = 1; fd <= 2; fd++) {
      if (!done[fd]) left[number++] = when_writable(fd);
    }
    OK(__wasi_poll_oneoff(left, events, number, &count));
    for (size_t it = 0; it < count; it++) {
      CHECK(events[it].type == __WASI_EVENTTYPE_FD_WRITE && events[it].error == 0);
      done[events[it].userdata] = true;
    }
  }
}

static void renumbered_stdio(void) {
  for (__wasi_fd_t from = 0; from < 3; from++) {
    __wasi_fd_t to;
    __wasi_fdstat_t stat;
    OK(__wasi_path_open(ROOT, 0, "file", CREATE, 0, 0, 0, &to));
    OK(__wasi_fd_renumber(from, to));
    OK(__wasi_fd_fdstat_get(to, &stat));
    GIVES(__wasi_fd_fdstat_get(from, &stat), E(BADF));
    OK(__wasi_path_unlink_file(ROOT, "file"));
  }
}

static void terminal(void) {
  __wasi_fd_t fd = opened(make_scratch(), "file", CREATE, 0);
  CHECK(isatty(fd) == 0);
}

const Case process_cases[] = {
  {"args_get-multiple-arguments", args_get},
  {"args_sizes_get-multiple-arguments", args_sizes_many},
  {"args_sizes_get-no-arguments", args_sizes_none},
  {"environ_get-multiple-variables", environ_get_many},
  {"environ_sizes_get-multiple-variables", environ_sizes_many},
  {"environ_sizes_get-no-variables", environ_sizes_none},
  {"fd_write-to-invalid-fd", write_to_invalid},
  {"fd_write-to-stdout", write_to_stdout},
  {"proc_exit-failure", exit_33},
  {"proc_exit-success", exit_0},
  {"random_get-non-zero-length", random_some},
  {"random_get-zero-length", random_none},
  {"big_random_buf", random_big},
  {"clock_time_get", clock_time},
  {"sched_yield", yield},
  {"poll_oneoff_stdio", poll_stdio},
  {"stdio", renumbered_stdio},
  {"isatty", terminal},
  {NULL, NULL},
};
