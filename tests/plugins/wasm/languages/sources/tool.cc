// Does what the field "action" of its arguments says.
#include "collet_tool.h"
#include "json.hpp"
#include <algorithm>
#include <chrono>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>
#include <new>
#include <random>
#include <sstream>

static int fail(const std::string &what) {
  std::cerr << what << ": " << std::strerror(errno) << '\n';
  return 1;
}

static int help() {
  collet_log("warning", "helping é🎉");
  collet_progress(1, 2, "half");
  const double calls = collet_memory_increment("calls", 1);
  const char *pong = collet_call_tool("ping", "{}");
  if (!pong) {
    std::cerr << collet_error() << '\n';
    return 1;
  }
  std::cout << "{\"calls\":" << calls << ",\"pong\":" << pong << '}';
  return 0;
}

static int act(const Json &given) {
  const std::string action = given.textOf("action"), text = given.textOf("text"), path = given.textOf("path");
  if (action == "echo") {
    const auto points = std::count_if(text.begin(), text.end(), [](char unit) { return (unit & 0xc0) != 0x80; });
    std::cout << "{\"value\":" << given.find("value")->write() << ",\"text\":" << Json::quote(text)
              << ",\"points\":" << points << '}';
  } else if (action == "size") {
    std::cout << "{\"bytes\":" << text.size() << ",\"text\":" << Json::quote(text) << '}';
  } else if (action == "exit") {
    std::cerr << "it was asked for\nthe reason is é🎉\n";
    return 3;
  } else if (action == "trap") {
    std::abort();
  } else if (action == "loop") {
    for (volatile int turn = 0;; turn = turn + 1);
  } else if (action == "memory") {
    // without exceptions `new` tells of a failure only when it is asked to; what nobody reads would be left out
    for (char *volatile last;; last[0] = 1) {
      last = new (std::nothrow) char[1 << 20]();
      if (!last) return fail("new");
    }
  } else if (action == "write") {
    std::ofstream file(path);
    file << text;
    file.close();
    if (!file) return fail("cannot write");
    std::cout << "{\"written\":" << text.size() << '}';
  } else if (action == "read") {
    std::ifstream file(path);
    if (!file) return fail("cannot read");
    std::stringstream content;
    content << file.rdbuf();
    std::cout << "{\"text\":" << Json::quote(content.str()) << '}';
  } else if (action == "env") {
    const char *value = std::getenv(given.textOf("name").c_str());
    std::cout << "{\"value\":" << (value ? Json::quote(value) : "null") << '}';
  } else if (action == "random") {
    std::random_device device;
    std::cout << "{\"random\":\"" << std::hex << device() << device() << "\"}";
  } else if (action == "clock") {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    std::cout << "{\"ms\":" << std::chrono::duration_cast<std::chrono::milliseconds>(now).count() << '}';
  } else if (action == "help") {
    return help();
  } else {
    std::cerr << "there is no action \"" << action << "\"\n";
    return 1;
  }
  return 0;
}

int main() {
  const std::string input{std::istreambuf_iterator<char>(std::cin), {}};
  return act(JsonReader(input).read());
}
