#include "html/page.hpp"

#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <string_view>

#include "io/base64.hpp"
#include "io/sha256.hpp"

namespace gradus::detail {  // written by tools/cmake/page.cmake
extern const unsigned char page_html[], page_css[], page_script[];
extern const unsigned page_html_size, page_css_size, page_script_size;
}  // namespace gradus::detail

namespace gradus::tool {
namespace {

using Json = nlohmann::ordered_json;

std::string_view text(const unsigned char* bytes, unsigned size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

// Inside a script element nothing may look like its end, whatever a tensor is called. In JSON "<" occurs in strings
// only.
std::string escaped(const std::string& json) {
  std::string out;
  out.reserve(json.size());
  for (const char c : json) c == '<' ? out += "\\u003c" : out += c;
  return out;
}

std::string policy() {
  const auto hash = [](std::string_view part) { return "'sha256-" + io::base64_of_hex(io::sha256(part)) + "'"; };
  return fmt::format("default-src 'none'; script-src {}; style-src {}; base-uri 'none'; form-action 'none'",
                     hash(text(detail::page_script, detail::page_script_size)),
                     hash(text(detail::page_css, detail::page_css_size)));
}

// The lines of the file that were read, as one list.
std::string lines_of(const trace::File& file) {
  std::ifstream in(file.path, std::ios::binary);
  std::string list = "[", line;
  for (std::size_t n = 1; n <= file.last_line && std::getline(in, line); ++n) {
    if (n > 1) list += ",\n";
    list += line;
  }
  return escaped(list + "]");
}

// Where an event happened in the user's program; null if it does not say.
const trace::Place* place(const trace::Event& event) {
  if (const auto* e = std::get_if<trace::Leaf>(&event.body)) return &e->loc;
  if (const auto* e = std::get_if<trace::Op>(&event.body)) return &e->loc;
  if (const auto* e = std::get_if<trace::Walk>(&event.body)) return &e->loc;
  if (const auto* e = std::get_if<trace::Mutation>(&event.body)) return &e->loc;
  if (const auto* e = std::get_if<trace::Step>(&event.body)) return &e->loc;
  return nullptr;
}

// Only the lines that a step shows: the rest of a program is nobody's business.
Json sources_of(const trace::File& file, const std::string& directory) {
  Sources sources(file, directory);
  Json all = Json::object();
  for (const trace::Event& event : file.events) {
    const trace::Place* at = place(event);
    if (!at || at->file.empty()) continue;
    const SourceFile& source = sources.file(at->file);
    if (!source.found()) continue;
    Json& entry = all[at->file];
    entry["changed"] = source.changed;
    for (int line = std::max(1, at->line - 1); line <= at->line + 1; ++line) {
      if (line <= static_cast<int>(source.lines.size())) entry["lines"][std::to_string(line)] = source.lines[line - 1];
    }
  }
  return all;
}

std::string extra(const trace::File& file, const trace::File* against, const std::string& source_directory) {
  const auto name = [](const trace::File& f) { return std::filesystem::path(f.path).filename().string(); };
  Json json = {{"name", name(file)}, {"against", against ? name(*against) : ""}};
  json["remarks"] = file.remarks();
  json["sources"] = sources_of(file, source_directory);
  if (against) json["sources_against"] = sources_of(*against, source_directory);
  return escaped(json.dump(-1, ' ', false, Json::error_handler_t::replace));
}

}  // namespace

std::string make_page(const trace::File& file, const trace::File* against, const std::string& source_directory) {
  const std::array<std::pair<std::string_view, std::function<std::string()>>, 6> parts = {{
      {"@CSP@", policy},
      {"@STYLE@", [] { return std::string(text(detail::page_css, detail::page_css_size)); }},
      {"@TRACE@", [&] { return lines_of(file); }},
      {"@AGAINST@", [&] { return against ? lines_of(*against) : "null"; }},
      {"@EXTRA@", [&] { return extra(file, against, source_directory); }},
      {"@SCRIPT@", [] { return std::string(text(detail::page_script, detail::page_script_size)); }},
  }};
  std::string page;
  std::string_view rest = text(detail::page_html, detail::page_html_size);
  for (const auto& [mark, fill] : parts) {  // in the order in which they stand, so that a trace cannot bring its own
    const std::size_t at = rest.find(mark);
    page += rest.substr(0, at);
    page += fill();
    rest.remove_prefix(at + mark.size());
  }
  return page += rest;
}

}  // namespace gradus::tool
