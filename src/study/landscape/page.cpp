// The style sheets and the script of the pages, with their hashes for the policy.
#include "study/landscape/page.hpp"

#include "io/base64.hpp"

namespace gradus::detail {

// Made by tools/cmake/embed.cmake.
extern const unsigned char picture_css[], study_css[], landscape_css[], landscape_js[];
extern const unsigned picture_css_size, study_css_size, landscape_css_size, landscape_js_size;
extern const char* const picture_css_sha256;
extern const char* const study_css_sha256;
extern const char* const landscape_css_sha256;
extern const char* const landscape_js_sha256;

}  // namespace gradus::detail

namespace gradus::study {
namespace {

Source source(const unsigned char* bytes, unsigned size, const char* sha256) {
  return {{reinterpret_cast<const char*>(bytes), size}, "'sha256-" + io::base64_of_hex(sha256) + "'"};
}

}  // namespace

Source picture_css() { return source(detail::picture_css, detail::picture_css_size, detail::picture_css_sha256); }
Source study_css() { return source(detail::study_css, detail::study_css_size, detail::study_css_sha256); }
Source landscape_css() {
  return source(detail::landscape_css, detail::landscape_css_size, detail::landscape_css_sha256);
}
Source landscape_js() { return source(detail::landscape_js, detail::landscape_js_size, detail::landscape_js_sha256); }

}  // namespace gradus::study
