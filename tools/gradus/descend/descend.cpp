// gradus descend: optimizers going down a surface, as numbers, pictures and pages.
#include "descend/descend.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "cli/nearest.hpp"
#include "cli/optimizers.hpp"
#include "cli/options.hpp"
#include "cli/output.hpp"
#include "cli/print.hpp"
#include "cli/spec.hpp"
#include "study/descent/formula.hpp"

namespace gradus::tool {
namespace {

// A mistake on the command line, which the library found.
template <class F>
auto as_usage_error(const std::string& what, F&& f) {
  try {
    return f();
  } catch (const Error& e) { throw Stop(usage, fmt::format("{}: {}", what, without_line(e))); }
}

std::vector<double> numbers(const std::string& option, const std::string& text, std::size_t count) {
  std::vector<double> values;
  for (const std::string& part : split_at_commas(text)) {
    const auto value = to_number(part);
    if (!value || std::abs(*value) > 1e6) break;
    values.push_back(*value);
  }
  const auto commas = static_cast<std::size_t>(std::ranges::count(text, ','));
  if (values.size() != count || commas + 1 != count)
    throw Stop(usage,
               fmt::format("{} {}: {} expected", option, text,
                           count == 1 ? "a number is" : fmt::format("{} numbers with commas between them are", count)));
  return values;
}

study::Window window_of(const DescendOptions& o) {
  if (o.window.empty()) return {};
  const auto v = numbers("--window", o.window, 4);
  if (!(v[1] > v[0] && v[3] > v[2]))
    throw Stop(usage, fmt::format("--window {}: left, right, bottom, top are expected", o.window));
  return {v[0], v[1], v[2], v[3]};
}

// A formula in x alone needs x alone.
study::Point start_of(const DescendOptions& o) {
  const bool curve = !o.formula.empty() && study::is_of_one_variable(o.formula);
  if (curve && o.start.find(',') == o.start.npos) return {numbers("--start", o.start, 1)[0], 0};
  const auto v = numbers("--start", o.start, 2);
  return {v[0], v[1]};
}

study::Surface surface_of(const DescendOptions& o) {
  if (!o.formula.empty()) {
    if (!o.surface.empty()) throw Stop(usage, "a surface and --f: one of the two is expected");
    return as_usage_error("--f", [&] { return study::formula(o.formula, window_of(o)); });
  }
  std::vector<std::string> names;
  for (const study::KnownSurface& k : study::surface_list()) names.push_back(k.name.substr(0, k.name.find(':')));
  if (o.surface.empty())
    throw Stop(usage, fmt::format("a surface is expected: {}; or --f FORMULA", fmt::join(names, ", ")));
  const std::string name = parse_spec(o.surface).name;
  if (std::ranges::find(names, name) == names.end())
    throw Stop(usage, fmt::format("surface {}: {}", name, unknown(name, names)));
  study::Surface s = as_usage_error(o.surface, [&] { return study::surface(o.surface); });
  if (!o.window.empty()) s.window = window_of(o);
  return s;
}

// One optimizer as it stands on the command line: the spec with one option set anew.
std::string with_option(const std::string& opt, const std::string& key, const std::string& value) {
  const Spec spec = parse_spec(opt);
  std::vector<std::string> arguments;
  for (const std::string& a : spec.arguments)
    if (a.substr(0, a.find('=')) != key) arguments.push_back(a);
  arguments.push_back(key + "=" + value);
  return fmt::format("{}:{}", spec.name, fmt::join(arguments, ","));
}

// Plain descent at half of what the curvature allows, where nobody asked for anything.
std::string default_opt(const study::Surface& s) {
  double lr = 0.1;
  for (const study::Minimum& m : s.minima) lr = std::min(lr, 1 / m.largest);
  return fmt::format("sgd:lr={:.2g}", lr);
}

std::vector<std::string> optimizers_of(const DescendOptions& o, const study::Surface& s) {
  std::vector<std::string> opts = o.opts.empty() ? std::vector{default_opt(s)} : o.opts;
  if (o.sweep.empty()) return opts;
  const auto equals = o.sweep.find('=');
  if (equals == o.sweep.npos || equals == 0 || equals + 1 == o.sweep.size())
    throw Stop(usage, fmt::format("--sweep {}: an option and its values are expected, as in lr=0.01,0.1", o.sweep));
  if (opts.size() > 1) throw Stop(usage, "--sweep: one --opt is expected beside it");
  const std::string key = o.sweep.substr(0, equals);
  std::vector<std::string> swept;
  for (const std::string& value : split_at_commas(o.sweep.substr(equals + 1)))
    swept.push_back(with_option(opts[0], key, value));
  if (swept.size() > 24) throw Stop(usage, fmt::format("--sweep: at most 24 values, not {}", swept.size()));
  return swept;
}

study::BasinOptions basin_options(const DescendOptions& o, const study::Surface& s, const MakeOptimizer& make) {
  if (s.minima.empty()) throw Stop(usage, fmt::format("--basins: {} has no minimum here", s.name));
  if (!make.elementwise && o.basins > 100)
    throw Stop(usage, fmt::format("--basins {}: at most 100 with an optimizer that goes down from each point by itself",
                                  o.basins));
  return {.n = static_cast<int>(o.basins), .steps = o.steps ? o.steps : 300, .elementwise = make.elementwise};
}

void check_ending(const std::string& path) {
  const std::string suffix = std::filesystem::path(path).extension().string();
  if (!path.empty() && suffix != ".html" && suffix != ".svg" && suffix != ".csv")
    throw Stop(usage, fmt::format("-o {}: a name that ends in .html, .svg or .csv is expected", path));
}

// Places that paths reach outside the window, as far as they do not dwarf it.
void add_extremes(const study::Surface& s, const std::vector<study::Path>& paths, std::vector<study::Point>& shown) {
  const study::Window& w = s.window;
  const double far_x = 0.6 * w.width(), far_y = 0.6 * w.height();
  for (const study::Path& path : paths) {
    if (path.cut || path.verdict == study::Verdict::diverges) continue;
    for (const study::Place& p : path.places) {
      const bool is_near = p.at[0] > w.left - far_x && p.at[0] < w.right + far_x && p.at[1] > w.bottom - far_y &&
                           p.at[1] < w.top + far_y;
      if (is_near && !w.contains(p.at)) shown.push_back(p.at);
    }
  }
}

void print(const study::Landscape& l) {
  tool::print("{}{}{}\n", l.title == l.formula ? "" : l.title, l.title == l.formula ? "" : "  ", l.formula);
  for (const std::string& fact : l.facts) tool::print("{}\n", fact);
  std::size_t width = 0;
  for (const study::Path& p : l.paths) width = std::max(width, p.name.size());
  for (const study::Path& p : l.paths)
    tool::print("  {:<{}}  f {:<11.4g} at {:<28}  {}\n", p.name, width, p.end().f,
                fmt::format("({:.6g}, {:.6g})", p.end().at[0], p.end().at[1]), p.outcome());
}

Exit run(const DescendOptions& o) {
  if (o.list) {
    for (const study::KnownSurface& k : study::surface_list()) tool::print("{:<16} {}\n", k.name, k.formula);
    return success;
  }
  if (!o.gallery.empty()) return write_gallery(o.gallery);
  check_ending(o.output);
  check_output({"-o", o.output});
  const study::Landscape l = descend(o);
  if (!o.output.empty()) l.save(o.output);
  if (o.json)
    tool::print("{}", l.json());
  else
    print(l);
  return success;
}

constexpr const char* examples = R"(Examples:
  gradus descend rosenbrock --opt sgd:lr=1e-3 --opt adam:lr=.05 --opt newton -o d.html
  gradus descend quadratic:1,10 --sweep lr=0.02,0.1818,0.2,0.21 --steps 100 -o lr.html
  gradus descend himmelblau --basins 200 --opt sgd:lr=.01 -o basins.svg
  gradus descend --f 'x^2 - y^2 + y^4/4' --start=1,1e-6 --opt sgd:lr=.1 --json

Surfaces:
)";

}  // namespace

study::Landscape descend(const DescendOptions& o) {
  const study::Surface s = surface_of(o);
  study::DescentOptions how{.steps = o.steps           ? o.steps
                                     : o.until.empty() ? 200
                                                       : 20'000,
                            .noise = o.noise,
                            .seed = static_cast<std::uint64_t>(o.seed)};
  if (!o.until.empty()) how.until = as_usage_error("--until", [&] { return study::condition(o.until); });
  if (!o.start.empty()) how.start = start_of(o);
  std::vector<MakeOptimizer> makers;
  const std::vector<std::string> opts = optimizers_of(o, s);
  for (const std::string& opt : opts) makers.push_back(parse_optimizer(opt));

  if (o.basins > 0) {
    if (opts.size() > 1) throw Stop(usage, "--basins: one --opt is expected beside it");
    study::Landscape l = study::landscape(s);
    l.basins = study::basins(s, makers[0].of_tensors, basin_options(o, s, makers[0]));
    l.facts = {
        fmt::format("{}, {} steps from each of {} points", opts[0], o.steps ? o.steps : 300, o.basins * o.basins)};
    return l;
  }
  std::vector<study::Path> paths;
  for (std::size_t i = 0; i < opts.size(); ++i)
    paths.push_back(as_usage_error(opts[i], [&] { return study::descend(s, opts[i], makers[i].of_tensors, how); }));
  std::vector<study::Point> shown{how.start.value_or(s.start)};
  if (o.window.empty()) add_extremes(s, paths, shown);
  study::Landscape l = study::landscape(s, shown);
  l.small_multiples = !o.sweep.empty();
  l.paths = std::move(paths);
  return l;
}

void add_descend(CommandLine& program) {
  auto options = std::make_shared<DescendOptions>();
  DescendOptions& o = *options;
  Command& command = program.add("descend", "watch optimizers go down a surface");
  command.runs([options] { return run(*options); });
  std::string surfaces;
  for (const study::KnownSurface& k : study::surface_list())
    surfaces += fmt::format("  {:<16} {}\n", k.name, k.formula);
  command.footer(examples + surfaces + "\nOptimizers, with options and defaults:\n" + optimizer_list());

  command.optional_argument("SURFACE", o.surface, "one of those below");
  command.text("--f", o.formula, "FORMULA", "any function of x and y instead, as in 'x^2 - y^2 + y^4/4' (or x**2, x²)");
  command.texts("--opt", o.opts, "OPT", "an optimizer, as in sgd:lr=0.1,momentum=0.9; may be repeated");
  command.text("--sweep", o.sweep, "KEY=A,B,…", "one picture for each value of an option");
  command.text("--start", o.start, "X,Y", "where to begin (write --start=-1,2; for a formula in x alone --start=3)");
  command.whole("--steps", o.steps, {1, 10'000'000}, "steps at the most [200; 20,000 with --until]");
  command.text("--until", o.until, "COND", "stop when this holds: f<1e-6, g<0.01, |y|>1");
  command.number("--noise", o.noise, {.least = 0}, "S", "standard deviation of noise in the gradient");
  command.whole("--seed", o.seed, at_least(0), "seed of the noise");
  command.whole("--basins", o.basins, {2, 500}, "show where each of N x N starts ends [off]");
  command.text("--window", o.window, "L,R,B,T", "the part of the plane to draw");
  command.text("-o,--output", o.output, "FILE", "write .html (animated), .svg or .csv here");
  command.flag("--json", o.json, "print the result as JSON");
  command.flag("--list", o.list, "list the surfaces");
  command.text("--gallery", o.gallery, "DIR", "write a dozen pages and an index into a folder");
}

}  // namespace gradus::tool
