const auto now = [&] {
  return std::vector<std::pair<std::string, double>>{{"m", m}, {"v", v}, {"x", x}, {"g", g}, {"t", t}, {"rate", rate}};
};
m = number(1, now());
v = number(2, now());
x = number(3, now());
