// Is it well-formed XML? Enough of it to check what the library writes.
#pragma once

#include <string>
#include <vector>

namespace support {

// What is wrong, or "".
inline std::string xml_trouble(const std::string& text) {
  std::vector<std::string> open;
  bool any = false;
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (static_cast<unsigned char>(c) < 32 && c != '\n' && c != '\t')
      return "a control character at " + std::to_string(i);
    if (c == '&') {
      const std::size_t end = text.find(';', i);
      const std::string entity = text.substr(i, end - i + 1);
      if (entity != "&amp;" && entity != "&lt;" && entity != "&gt;" && entity != "&quot;") return "entity " + entity;
    }
    if (c != '<') {
      if (open.empty() && any && c != '\n') return "text after the end";
      ++i;
      continue;
    }
    const std::size_t end = text.find('>', i);
    if (end == std::string::npos) return "a tag without end";
    std::string tag = text.substr(i + 1, end - i - 1);
    i = end + 1;
    if (tag.find('<') != std::string::npos) return "< in a tag: " + tag;
    if (tag.starts_with('/')) {
      if (open.empty() || open.back() != tag.substr(1)) return "</" + tag.substr(1) + "> closes nothing";
      open.pop_back();
      continue;
    }
    if (open.empty() && any) return "two roots";
    any = true;
    const bool closed = tag.ends_with('/');
    if (closed) tag.pop_back();
    int quotes = 0;
    for (const char q : tag) quotes += q == '"';
    if (quotes % 2) return "quotes in <" + tag + ">";
    if (!closed) open.push_back(tag.substr(0, tag.find(' ')));
  }
  return !any ? "nothing" : open.empty() ? "" : "<" + open.back() + "> stays open";
}

// The values of an attribute of all elements of a name.
inline std::vector<std::string> attributes(const std::string& text, const std::string& element,
                                           const std::string& name) {
  std::vector<std::string> values;
  for (std::size_t at = 0; (at = text.find("<" + element + " ", at)) != std::string::npos; ++at) {
    const std::size_t end = text.find('>', at), begin = text.find(" " + name + "=\"", at);
    if (begin > end) continue;
    const std::size_t from = begin + name.size() + 3;
    values.push_back(text.substr(from, text.find('"', from) - from));
  }
  return values;
}

}  // namespace support
