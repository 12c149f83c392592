// The style sheets and the script of the pages, with their hashes for the policy.
#include "study/landscape/page.hpp"

namespace gradus::detail {

// Made by tools/cmake/embed.cmake.
extern const unsigned char picture_css[], landscape_css[], landscape_js[];
extern const unsigned picture_css_size, landscape_css_size, landscape_js_size;
extern const char* const picture_css_sha256;
extern const char* const landscape_css_sha256;
extern const char* const landscape_js_sha256;

}  // namespace gradus::detail

namespace gradus::study {
namespace {

// Hexadecimal digits as base 64.
std::string base64(std::string_view hex) {
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  unsigned bits = 0;
  int held = 0;
  for (const char c : hex) {
    bits = bits << 4 | static_cast<unsigned>(c <= '9' ? c - '0' : c - 'a' + 10);
    held += 4;
    if (held < 6) continue;
    held -= 6;
    text += digits[bits >> held & 63];
  }
  if (held > 0) text += digits[bits << (6 - held) & 63];
  while (text.size() % 4) text += '=';
  return text;
}

Source source(const unsigned char* bytes, unsigned size, const char* sha256) {
  return {{reinterpret_cast<const char*>(bytes), size}, "'sha256-" + base64(sha256) + "'"};
}

}  // namespace

Source picture_css() { return source(detail::picture_css, detail::picture_css_size, detail::picture_css_sha256); }
Source landscape_css() {
  return source(detail::landscape_css, detail::landscape_css_size, detail::landscape_css_sha256);
}
Source landscape_js() { return source(detail::landscape_js, detail::landscape_js_size, detail::landscape_js_sha256); }

}  // namespace gradus::study
