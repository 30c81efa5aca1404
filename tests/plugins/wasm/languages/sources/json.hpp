// As much of JSON as a tool needs that takes its arguments apart and puts them together again.
#pragma once
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

struct Json {
  enum Kind { Plain, Text, List, Object } kind = Plain;
  // of a text what it stands for; of null, true, false and numbers as they are written
  std::string text = "null";
  std::vector<std::pair<std::string, Json>> members;

  const Json *find(const std::string &name) const {
    for (const auto &[key, value] : members) {
      if (key == name) return &value;
    }
    return nullptr;
  }

  std::string textOf(const std::string &name) const {
    const Json *found = find(name);
    return found && found->kind == Text ? found->text : "";
  }

  std::string write() const {
    if (kind == Plain) return text;
    if (kind == Text) return quote(text);
    std::string json;
    for (const auto &[key, value] : members) {
      if (!json.empty()) json += ',';
      json += kind == Object ? quote(key) + ':' + value.write() : value.write();
    }
    return kind == Object ? '{' + json + '}' : '[' + json + ']';
  }

  static std::string quote(const std::string &text) {
    std::string json = "\"";
    for (unsigned char unit : text) {
      if (unit < 0x20) {
        char escaped[7];
        std::snprintf(escaped, sizeof escaped, "\\u%04x", unit);
        json += escaped;
      } else {
        if (unit == '"' || unit == '\\') json += '\\';
        json += static_cast<char>(unit);
      }
    }
    return json + '"';
  }
};

class JsonReader {
 public:
  explicit JsonReader(const std::string &json) : json_(json) {}

  Json read() {
    space();
    if (peek() == '"') return {Json::Text, readText(), {}};
    if (peek() == '{') return readMembers(Json::Object, '}');
    if (peek() == '[') return readMembers(Json::List, ']');
    size_t from = at_;
    while (at_ < json_.size() && std::string(",]} \n\t\r").find(json_[at_]) == std::string::npos) at_++;
    return {Json::Plain, json_.substr(from, at_ - from), {}};
  }

 private:
  const std::string &json_;
  size_t at_ = 0;

  char peek() const { return at_ < json_.size() ? json_[at_] : '\0'; }

  void space() {
    while (at_ < json_.size() && static_cast<unsigned char>(json_[at_]) <= ' ') at_++;
  }

  Json readMembers(Json::Kind kind, char end) {
    Json found{kind, "", {}};
    at_++;
    for (space(); at_ < json_.size() && peek() != end; space()) {
      std::string key;
      if (kind == Json::Object) {
        key = readText();
        space();
        at_++;
      }
      found.members.emplace_back(std::move(key), read());
      space();
      if (peek() == ',') at_++;
    }
    at_++;
    return found;
  }

  std::string readText() {
    std::string text;
    for (at_++; at_ < json_.size() && peek() != '"'; at_++) {
      if (peek() != '\\') {
        text += peek();
        continue;
      }
      const char letter = json_[++at_];
      if (letter == 'u') append(text, readPoint());
      else text += letter == 'n' ? '\n' : letter == 't' ? '\t' : letter == 'r' ? '\r' : letter == 'b' ? '\b'
                 : letter == 'f' ? '\f' : letter;
    }
    at_++;
    return text;
  }

  uint32_t readUnit() {
    const uint32_t unit = std::strtoul(json_.substr(at_ + 1, 4).c_str(), nullptr, 16);
    at_ += 4;
    return unit;
  }

  uint32_t readPoint() {
    const uint32_t unit = readUnit();
    if (unit < 0xd800 || unit >= 0xdc00 || json_.compare(at_ + 1, 2, "\\u") != 0) return unit;
    at_ += 2;
    return 0x10000 + ((unit - 0xd800) << 10) + (readUnit() - 0xdc00);
  }

  static void append(std::string &text, uint32_t point) {
    if (point < 0x80) text += static_cast<char>(point);
    else if (point < 0x800) text += {static_cast<char>(0xc0 | point >> 6), tail(point)};
    else if (point < 0x10000) text += {static_cast<char>(0xe0 | point >> 12), tail(point >> 6), tail(point)};
    else text += {static_cast<char>(0xf0 | point >> 18), tail(point >> 12), tail(point >> 6), tail(point)};
  }

  static char tail(uint32_t point) { return static_cast<char>(0x80 | (point & 63)); }
};
