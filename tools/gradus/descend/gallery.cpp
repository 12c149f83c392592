// The gallery: a dozen pages, each with what to look at, and an index that shows them.
#include <fmt/format.h>

#include <filesystem>

#include "descend/descend.hpp"
#include "io/file.hpp"
#include "study/landscape/picture.hpp"

namespace gradus::tool {
namespace {

struct Piece {
  const char* file;
  const char* title;
  const char* text;  // what to look at
  DescendOptions options;
};

std::vector<Piece> pieces() {
  std::vector<Piece> list;
  list.push_back({"rate",
                  "Too small, right, too large",
                  "Four learning rates on one bowl. Twice the inverse curvature is the border.",
                  {.surface = "quadratic:1,10", .sweep = "lr=0.02,0.1818,0.2,0.21", .steps = 60}});
  list.push_back({"ravine",
                  "The ravine",
                  "Curvatures of 1 and 100, best rates for both: momentum takes the root of the condition number.",
                  {.surface = "ravine", .until = "f<1e-6", .opts = {"sgd:lr=0.0198", "sgd:lr=0.0331,momentum=0.669"}}});
  list.push_back({"rosenbrock",
                  "Rosenbrock's valley",
                  "Easy to enter, slow to follow: plain descent, momentum, Adam and Newton.",
                  {.surface = "rosenbrock",
                   .until = "f<1e-6",
                   .opts = {"sgd:lr=1e-3", "sgd:lr=1e-3,momentum=.9", "adam:lr=.05", "newton"}}});
  list.push_back({"beale",
                  "Beale's plateau",
                  "Where the ground is flat, methods that measure their own gradients gain.",
                  {.surface = "beale",
                   .until = "f<1e-6",
                   .opts = {"sgd:lr=.01", "adam:lr=.05", "rmsprop:lr=.01", "adagrad:lr=.5"},
                   .steps = 3000}});
  list.push_back({"himmelblau",
                  "Four minima",
                  "Which valley is found depends on the method, not only on the start.",
                  {.surface = "himmelblau",
                   .start = "-0.3,-0.9",
                   .opts = {"sgd:lr=.01", "sgd:lr=.01,momentum=.9", "adam:lr=.3", "lion:lr=.1"},
                   .steps = 120}});
  list.push_back({"basins",
                  "Basins",
                  "Every point in the colour of the minimum that descent finds from it.",
                  {.surface = "himmelblau", .opts = {"sgd:lr=.01"}, .basins = 240}});
  list.push_back({"basins-momentum",
                  "Basins with momentum",
                  "The same with momentum: borders become intricate.",
                  {.surface = "himmelblau", .opts = {"sgd:lr=.01,momentum=.9"}, .basins = 180}});
  list.push_back({"saddle",
                  "Leaving a saddle",
                  "Descent hesitates, Newton's method jumps onto it, Newton-CG leaves.",
                  {.formula = "x^2 - y^2 + y^4/4",
                   .start = "1.6,1e-3",
                   .opts = {"sgd:lr=.1", "newton", "newton_cg", "adam:lr=.1"},
                   .steps = 80}});
  list.push_back({"noise",
                  "Noise helps",
                  "On the ridge itself plain descent stays; noise in the gradient pushes it off.",
                  {.formula = "x^2 - y^2 + y^4/4",
                   .start = "1.6,0",
                   .opts = {"sgd:lr=.1", "sgd:lr=.1,momentum=.8"},
                   .steps = 150,
                   .noise = 0.05}});
  list.push_back(
      {"momentum",
       "How much momentum",
       "From none to too much, at one learning rate.",
       {.surface = "ravine", .sweep = "momentum=0,0.5,0.7,0.9,0.95,0.99", .opts = {"sgd:lr=0.01"}, .steps = 150}});
  list.push_back({"second-order",
                  "With curvature",
                  "Newton, Newton-CG and L-BFGS in Rosenbrock's valley.",
                  {.surface = "rosenbrock",
                   .opts = {"newton", "newton_cg", "lbfgs:max_iter=1,line_search_fn=strong_wolfe"},
                   .steps = 40}});
  list.push_back({"waves",
                  "An egg box",
                  "Many minima: small steps stay in the first, large ones wander.",
                  {.formula = "(x^2 + y^2)/8 - cos(2x) - cos(2y)",
                   .start = "-4.2,3.9",
                   .window = "-5,5,-5,5",
                   .opts = {"sgd:lr=.05", "sgd:lr=.05,momentum=.95", "adam:lr=.4", "rmsprop:lr=.2"},
                   .steps = 150}});
  return list;
}

constexpr const char* style = R"(
:root { color-scheme: light dark; --paper: #f3f6f6; --card: #fff; --ink: #16232b; --soft: #5b6770; --rule: #d9e1e3; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #071117; --card: #0e1a21; --ink: #eef4f6; --soft: #9fb0b8; --rule: #22333c; }
}
body { margin: 0; padding: 36px clamp(16px, 4vw, 56px); background: var(--paper); color: var(--ink);
  font: 15px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
h1 { margin: 0; font-size: 30px; letter-spacing: -.02em; }
h1 + p { margin: 4px 0 26px; color: var(--soft); }
main { display: grid; gap: 20px; grid-template-columns: repeat(auto-fill, minmax(min(100%, 330px), 1fr)); }
a { display: flex; flex-direction: column; color: inherit; text-decoration: none; background: var(--card);
  border: 1px solid var(--rule); border-radius: 14px; overflow: hidden; transition: transform .15s, border-color .15s; }
a:hover, a:focus-visible { transform: translateY(-3px); border-color: #0b8ba8; }
img { width: 100%; aspect-ratio: 4 / 3; object-fit: contain; box-sizing: border-box; padding: 10px; border-bottom: 1px solid var(--rule); }
h2 { margin: 12px 16px 2px; font-size: 17px; }
a p { margin: 0 16px 16px; color: var(--soft); }
)";

void write(const std::filesystem::path& path, const std::string& text) {
  try {
    io::AtomicFile file(path.string(), "gallery", Loc::current());
    file.write(text.data(), text.size());
    file.commit();
  } catch (const Error& e) { throw Stop(file_trouble, fmt::format("--gallery: {}", e.complaint().wrong)); }
}

}  // namespace

Exit write_gallery(const std::string& directory) {
  namespace fs = std::filesystem;
  std::error_code error;
  fs::create_directories(directory, error);
  if (error) throw Stop(file_trouble, fmt::format("--gallery {}: {}", directory, error.message()));
  const fs::path folder = directory;
  std::string cards;
  for (const Piece& piece : pieces()) {
    study::Landscape l = descend(piece.options);
    if (l.title == l.formula) l.title = piece.title;
    write(folder / fmt::format("{}.svg", piece.file), l.svg());
    write(folder / fmt::format("{}.thumb.svg", piece.file), study::thumbnail(l));
    write(folder / fmt::format("{}.html", piece.file), l.html());
    cards += fmt::format(
        "<a href=\"{0}.html\"><img src=\"{0}.thumb.svg\" alt=\"{1}\" loading=\"lazy\"><h2>{1}</h2><p>{2}</p></a>\n",
        piece.file, piece.title, piece.text);
    fmt::print("{}.html  {}\n", piece.file, piece.title);
  }
  write(folder / "index.html",
        fmt::format(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
            "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
            "<meta name=\"color-scheme\" content=\"light dark\">\n<title>Gradient descent, seen</title>\n"
            "<style>{}</style>\n</head>\n<body>\n<h1>Gradient descent, seen</h1>\n"
            "<p>Every path was taken by Gradus's own optimizers along autodiff gradients.</p>\n<main>\n{}</main>\n"
            "</body>\n</html>\n",
            style, cards));
  return success;
}

}  // namespace gradus::tool
