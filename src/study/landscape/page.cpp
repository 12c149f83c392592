// The style sheets and the scripts of the pages, with their hashes for the policy.
#include "study/landscape/page.hpp"

#include "io/base64.hpp"

namespace gradus::detail {

// Made by tools/cmake/embed.cmake.
extern const unsigned char picture_css[], study_css[], landscape_css[];
extern const unsigned char formula_js[], optimizers_js[], chart_js[], landscape_js[], live_js[];
extern const unsigned picture_css_size, study_css_size, landscape_css_size;
extern const unsigned formula_js_size, optimizers_js_size, chart_js_size, landscape_js_size, live_js_size;
extern const char* const picture_css_sha256;
extern const char* const study_css_sha256;
extern const char* const landscape_css_sha256;
extern const char* const formula_js_sha256;
extern const char* const optimizers_js_sha256;
extern const char* const chart_js_sha256;
extern const char* const landscape_js_sha256;
extern const char* const live_js_sha256;

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
std::vector<Source> landscape_scripts() {
  return {source(detail::formula_js, detail::formula_js_size, detail::formula_js_sha256),
          source(detail::optimizers_js, detail::optimizers_js_size, detail::optimizers_js_sha256),
          source(detail::chart_js, detail::chart_js_size, detail::chart_js_sha256),
          source(detail::landscape_js, detail::landscape_js_size, detail::landscape_js_sha256),
          source(detail::live_js, detail::live_js_size, detail::live_js_sha256)};
}

}  // namespace gradus::study
