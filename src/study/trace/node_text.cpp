// What a trace says of an operation's own numbers and letters.
#include "study/trace/node_text.hpp"

#include <gradus/op.hpp>

#include "study/trace/json.hpp"

namespace gradus::study {

std::string attributes(NodeView node) {
  struct Json : Attributes {
    std::string text = "{";
    void put(const char* name, const std::string& value) {
      text += (text.size() > 1 ? "," : "") + json_string(name) + ':' + value;
    }
    void number(const char* name, double& v) override { put(name, json_number(v)); }
    void integer(const char* name, std::int64_t& v) override { put(name, std::to_string(v)); }
    void flag(const char* name, bool& v) override { put(name, v ? "true" : "false"); }
    void list(const char* name, Shape& v) override { put(name, json_list(v)); }
  } json;
  node.attributes(json);
  return json.text + '}';
}

std::string letters(NodeView node) {
  std::string text;
  for (const std::string& letter : node.letters()) text += (text.empty() ? "" : " ") + letter;
  return text;
}

}  // namespace gradus::study
