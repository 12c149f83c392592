// A landscape as one page that plays its paths. The policy in its head forbids any use of the network.

#include <algorithm>
#include <cmath>

#include "io/json.hpp"
#include "study/descent/formula.hpp"
#include "study/landscape/page.hpp"
#include "study/landscape/picture.hpp"
#include "tensor/format.hpp"

namespace gradus::study {
namespace {

constexpr std::size_t most_places = 2500;

// Places for the page: all of a short path; of a long one the first steps, then every n-th.
std::vector<const Place*> shown_places(const Path& path) {
  std::vector<const Place*> kept;
  const std::size_t first = 500, n = path.places.size();
  const std::size_t stride = n <= most_places ? 1 : (n - first) / (most_places - first) + 1;
  for (std::size_t i = 0; i < n; ++i)
    if (i < first || i % stride == 0 || i + 1 == n) kept.push_back(&path.places[i]);
  return kept;
}

// Nine digits are more than a picture shows; the last place has all.
std::string number(double value, bool exact) {
  if (!std::isfinite(value)) return "null";
  return exact ? formatted("{}", value) : formatted("{:.9g}", value);
}

template <class Get>
std::string list(const std::vector<const Place*>& places, Get get) {
  std::string text = "[";
  for (std::size_t i = 0; i < places.size(); ++i) text += (i ? "," : "") + get(*places[i], i + 1 == places.size());
  return text + "]";
}

// In a script element: '<' could end it.
std::string quoted(const std::string& text) {
  std::string json = io::Json(text).dump(-1, ' ', true, io::Json::error_handler_t::replace);
  for (std::size_t at = 0; (at = json.find('<', at)) != json.npos; at += 6) json.replace(at, 1, "\\u003c");
  return json;
}

std::string run_data(const Path& path, std::size_t index, std::size_t count) {
  const auto places = shown_places(path);
  std::string states;
  for (std::size_t k = 0; k < path.state_names.size(); ++k) {
    states += (k ? "," : "") + quoted(path.state_names[k]) + ":" + list(places, [&](const Place& p, bool exact) {
                if (p.state.size() < 2 * (k + 1)) return std::string("null");
                return formatted("[{},{}]", number(p.state[2 * k], exact), number(p.state[2 * k + 1], exact));
              });
  }
  const auto of = [&](auto get) {
    return list(places, [&](const Place& p, bool exact) { return number(get(p), exact); });
  };
  const bool sloped = !std::isnan(path.places.front().gradient[0]);
  return formatted(
      "{{\"name\":{},\"spec\":{},\"colour\":{},\"width\":{:g},\"step\":{},\"x\":{},\"y\":{},\"f\":{},\"gx\":{},\"gy\":{"
      "},\"state\":"
      "{{{}}}}}",
      quoted(readable(path.name)), quoted(path.name), index % colours, line_width(index, count),
      list(places, [](const Place& p, bool) { return formatted("{}", p.step); }),
      of([](const Place& p) { return p.at[0]; }), of([](const Place& p) { return p.at[1]; }),
      of([](const Place& p) { return p.f; }), sloped ? of([](const Place& p) { return p.gradient[0]; }) : "[]",
      sloped ? of([](const Place& p) { return p.gradient[1]; }) : "[]", states);
}

const char* css_name(Verdict v) {
  constexpr const char* names[] = {"converges", "slow",      "oscillates", "diverges",
                                   "saddle",    "runs_away", "shrinks",    "hovers"};
  return names[static_cast<int>(v)];
}

std::string verdict(const Path& p) {
  return formatted("<span class=\"verdict {}\">{}</span>", css_name(p.verdict), name(p.verdict));
}

std::string button(const char* id, const char* what, const char* shape) {
  return formatted(
      "<button id=\"{}\" type=\"button\" aria-label=\"{}\" title=\"{}\">"
      "<svg viewBox=\"0 0 16 16\" aria-hidden=\"true\"><path d=\"{}\"/></svg></button>",
      id, what, what, shape);
}

std::string player() {
  return "<nav class=\"player card\" aria-label=\"player\">" +
         button("first", "to the start", "M2 2h2.5v12H2zM14 2v12L5.5 8z") +
         button("back", "one step back", "M11 2v12L4 8z") + button("play", "play", "M3 1.5v13l11-6.5z") +
         button("next", "one step on", "M5 2v12l7-6z") +
         button("end", "to the end", "M11.5 2H14v12h-2.5zM2 2v12l8.5-6z") +
         "<input id=\"slider\" type=\"range\" min=\"0\" max=\"1000\" value=\"0\" aria-label=\"step\"><span "
         "id=\"scale\"></span>"
         "<output id=\"where\"></output><button id=\"speed\" type=\"button\" title=\"speed\">×1</button></nav>";
}

class Page {
 public:
  explicit Page(const Landscape& l) : l_(l) {}

  std::string write() {
    if (l_.small_multiples)
      for (std::size_t i = 0; i < l_.paths.size(); ++i) panels_.push_back({i});
    else
      panels_.emplace_back();
    if (!l_.small_multiples && !l_.basins)
      for (std::size_t i = 0; i < l_.paths.size(); ++i) panels_[0].push_back(i);
    const std::string title = l_.title != l_.formula ? l_.title : is_curve(l_) ? "f(x)" : "f(x, y)";
    const Source picture = picture_css(), study = study_css(), style = landscape_css();
    const std::vector<Source> scripts = landscape_scripts();
    std::string allowed;
    for (const Source& script : scripts) allowed += (allowed.empty() ? "" : " ") + script.hash;
    std::string text = formatted(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src {}; style-src {} {} {}; "
        "base-uri 'none'; form-action 'none'\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<meta name=\"color-scheme\" content=\"light dark\">\n<title>{} · gradus descend</title>\n",
        allowed, picture.hash, study.hash, style.hash, escaped(title));
    text += formatted("<style>{}</style>\n<style>{}</style>\n<style>{}</style>\n</head>\n<body>\n", picture.text,
                      study.text, style.text);
    text += formatted("<header><h1>{}</h1><p class=\"formula\">{}</p><ul class=\"facts\">", escaped(title),
                      escaped(l_.formula));
    for (const std::string& fact : l_.facts) text += formatted("<li>{}</li>", escaped(fact));
    text += formatted("</ul>{}", words());
    text += formatted("</header>\n<main class=\"{}\">\n{}\n{}", l_.small_multiples ? "many" : "one", plots(), side());
    const bool plays = !panels_[0].empty();
    if (plays)
      text +=
          player() +
          formatted(
              "<p class=\"help\"><kbd>→</kbd> <kbd>←</kbd> a step · <kbd>space</kbd> play · point at a path for its "
              "numbers · {}<span class=\"drags\"> · drag the large ring: another start</span></p>",
              is_curve(l_) ? "dashed: the tangent, arrow: the next update"
                           : "dashed arrow: downhill, full arrow: the next update");
    text += "</main>\n<div id=\"tip\" class=\"tip\" hidden></div>\n";
    text += formatted("<script type=\"application/json\" id=\"data\">{}</script>\n", data());
    for (const Source& script : scripts) text += formatted("<script>{}</script>\n", script.text);
    return text + "</body>\n</html>\n";
  }

 private:
  Frame shape() const { return l_.small_multiples ? frame(l_, 1, 1, 250) : frame(l_, 58, 6, 640); }

  // What the signs in the facts and the colours mean.
  std::string words() const {
    std::string text;
    if (l_.basins)
      text = "Each point has the colour of the minimum where the descent from it ends; pale: it took many steps.";
    if (is_curve(l_) && !l_.minima.empty())
      text = "Below a rate of 2/curvature, plain gradient descent comes to rest at the minimum.";
    if (!l_.basins && !is_curve(l_) && !l_.minima.empty())
      text =
          "λmax: the largest curvature at the minimum; below a rate of 2/λmax plain gradient descent comes to rest "
          "there. "
          "κ: the largest curvature, divided by the smallest.";
    return text.empty() ? "" : formatted("<p class=\"words\">{}</p>", text);
  }

  std::string plots() const {
    const Frame f = shape();
    const bool many = l_.small_multiples;
    std::string text = formatted("<section class=\"plots{}\">", many ? "" : " card");
    for (std::size_t k = 0; k < panels_.size(); ++k) {
      text += "<figure>";
      if (many) {
        const Path& p = l_.paths[k];
        text += formatted("<figcaption><b>{}</b>{}</figcaption>", escaped(readable(p.name)), verdict(p));
      }
      const double right = many ? 1 : is_curve(l_) || l_.basins ? 12 : scale_width;
      text +=
          formatted("<svg viewBox=\"0 0 {:.0f} {:.0f}\" role=\"img\" aria-label=\"{} of {}\">", f.x + f.width + right,
                    f.y + f.height + (many ? 1 : 38), is_curve(l_) ? "curve" : "contours", escaped(l_.title));
      text += plot(l_, f, panels_[k], {.id = formatted("p{}", k), .heights_of = k ? "p0" : "", .ticks = !many});
      text += "</svg>";
      if (many) text += formatted("<p class=\"below\">{}</p>", escaped(outcome_and_limit(l_.paths[k])));
      text += "</figure>\n";
    }
    return text + "</section>";
  }

  std::string side() const {
    if (l_.basins) return basin_list();
    std::string text = "<section class=\"side\">";
    if (!l_.small_multiples) {
      text += "<section class=\"card\"><ol class=\"runs\">";
      for (std::size_t i = 0; i < l_.paths.size(); ++i) {
        const Path& p = l_.paths[i];
        text += formatted(
            "<li><button type=\"button\" aria-pressed=\"true\"><svg class=\"swatch\" viewBox=\"0 0 12 12\">"
            "<circle class=\"f{}\" cx=\"6\" cy=\"6\" r=\"6\"/></svg><span class=\"name\">{}</span>{}"
            "<span class=\"now\"></span><span class=\"fate\">{}</span></button></li>",
            i % colours, escaped(readable(p.name)), verdict(p), escaped(p.outcome()));
      }
      text += "</ol>";
      if (!formula_program(l_.formula).empty())
        text +=
            "<p id=\"adding\" hidden><label>One more <select></select></label><button type=\"button\">Add</button></p>";
      text += "</section>";
    }
    return text + formatted(
                      "<figure class=\"chart card\"><figcaption>{} against steps</figcaption>"
                      "<svg id=\"chart\" viewBox=\"0 0 392 204\"></svg></figure></section>",
                      above_lowest());
  }

  std::string above_lowest() const {
    if (std::abs(l_.lowest) < 1e-12) return "f";
    return formatted("f {} {:.4g}", l_.lowest < 0 ? "+" : "−", std::abs(l_.lowest));
  }

  std::string basin_list() const {
    std::string text = "<section class=\"card\"><ol class=\"runs\">";
    const auto row = [&](const std::string& kind, const std::string& name, std::ptrdiff_t count) {
      text += formatted(
          "<li><button type=\"button\" disabled><svg class=\"swatch\" viewBox=\"0 0 12 12\"><circle "
          "class=\"{}\" cx=\"6\" cy=\"6\" r=\"6\"/></svg><span class=\"name\">{}</span><span "
          "class=\"verdict\">{:.1f} %</span></button></li>",
          kind, name, 100.0 * static_cast<double>(count) / static_cast<double>(l_.basins->to.size()));
    };
    for (std::size_t m = 0; m < l_.minima.size(); ++m)
      row(formatted("b{}", m % 8), formatted("({:.5g}, {:.5g})", l_.minima[m].at[0], l_.minima[m].at[1]),
          std::ranges::count(l_.basins->to, static_cast<int>(m)));
    if (const auto n = std::ranges::count(l_.basins->to, -1)) row("unsettled", "not settled yet", n);
    if (const auto n = std::ranges::count(l_.basins->to, -2)) row("gone", "diverged", n);
    return text + "</ol></section>";
  }

  // Is f never below `lowest`, so that a scale of powers of ten shows it?
  bool measured_up() const {
    return std::ranges::all_of(l_.paths, [&](const Path& p) {
      return std::ranges::all_of(p.places, [&](const Place& at) { return at.f >= l_.lowest; });
    });
  }

  std::string data() const {
    const Frame f = shape();
    std::string runs, groups;
    if (!panels_[0].empty())
      for (std::size_t i = 0; i < l_.paths.size(); ++i)
        runs += (i ? "," : "") + run_data(l_.paths[i], i, l_.small_multiples ? i + 1 : l_.paths.size());
    for (std::size_t k = 0; k < panels_.size(); ++k) {
      std::string members;
      for (const std::size_t i : panels_[k]) members += formatted("{}{}", members.empty() ? "" : ",", i);
      groups += formatted("{}[{}]", k ? "," : "", members);
    }
    const std::string program = l_.basins ? "" : formula_program(l_.formula);
    return formatted(
        "{{\"program\":{},\"curve\":{},\"frame\":[{},{},{},{}],\"window\":[{},{},{},{}],\"axes\":[{},{}],\"lowest\":{},"
        "\"log\":{},"
        "\"panels\":[{}],\"runs\":[{}]}}",
        program.empty() ? "null" : program, is_curve(l_) ? "true" : "false", f.x, f.y, f.width, f.height,
        l_.window.left, l_.window.right, l_.window.bottom, l_.window.top, quoted(l_.x_name), quoted(l_.y_name),
        l_.lowest, measured_up() ? "true" : "false", groups, runs);
  }

  const Landscape& l_;
  std::vector<std::vector<std::size_t>> panels_;
};

}  // namespace

std::string Landscape::html() const { return Page(*this).write(); }

}  // namespace gradus::study
