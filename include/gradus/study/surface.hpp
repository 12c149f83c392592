// Functions of two variables to descend: well-known ones by name, and any that a formula can describe.
//
//   Surface s = study::surface("rosenbrock");
//   Surface t = study::formula("x^2 - y^2 + y^4/4");
#pragma once

#include <array>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <gradus/tensor.hpp>

namespace gradus::study {

/// x and y.
using Point = std::array<double, 2>;

/// The part of the plane that is drawn: a rectangle.
struct Window {
  double left = -3, right = 3, bottom = -3, top = 3;  ///< its sides
  double width() const { return right - left; }       ///< right - left
  double height() const { return top - bottom; }      ///< top - bottom
  /// Is p inside or on a side?
  bool contains(Point p) const { return p[0] >= left && p[0] <= right && p[1] >= bottom && p[1] <= top; }
};

/// A place where the slope is zero and the surface curves upwards in both directions.
struct Minimum {
  Point at;                                     ///< where
  double f;                                     ///< the value there
  double largest, smallest;                     ///< eigenvalues of the Hessian
  double limit() const { return 2 / largest; }  ///< gradient descent converges only with a learning rate below it
};

/// A function of x and y, with what is known about it.
struct Surface {
  std::string name;     ///< "rosenbrock"
  std::string formula;  ///< "(1 - x)^2 + 100 (y - x^2)^2"
  /// f element by element, for x and y of one shape in f64; recorded if they are.
  std::function<Tensor(const Tensor& x, const Tensor& y)> f;
  Window window = {};                ///< the part of the plane to look at
  Point start = {};                  ///< where descents begin
  std::vector<Minimum> minima = {};  ///< the known ones

  double at(Point p) const;  ///< f at p, not recorded
  /// f of p (2), as a number on the tape.
  Tensor operator()(const Tensor& p) const { return f(p[0], p[1]); }
};

/// "quadratic:1,100", or a name in surface_list(). Throws an Error that lists the names.
Surface surface(std::string_view spec, Loc where = Loc::current());

/// A surface that surface() knows.
struct KnownSurface {
  std::string name, formula;  ///< "rosenbrock" and what it is
};
/// All surfaces that surface() knows.
std::vector<KnownSurface> surface_list();

/// From a formula in x and y: numbers, + - * / ^, brackets, pi and e, and sin cos tan exp log sqrt abs tanh sigmoid
/// square min max. 2x and 3(x + y) are products. At most 500 characters and 50 brackets deep. Only
/// these names are known: a formula cannot run anything else. Its minima are searched for inside the window.
Surface formula(std::string_view text, const Window& window = {}, Loc where = Loc::current());

/// The minima that Newton's method finds from places near them, without repetitions; a place without one is left out.
std::vector<Minimum> minima_near(const Surface& s, const std::vector<Point>& places);

}  // namespace gradus::study
