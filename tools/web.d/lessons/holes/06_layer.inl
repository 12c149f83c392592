const auto product = [&](const std::string& choice) {
  return choice == "a"   ? matmul(x.t(), g)
         : choice == "b" ? matmul(g.t(), x)
         : choice == "c" ? matmul(g, W.t())
                         : matmul(W, g.t());
};
return {product(hole_text(1)), product(hole_text(2))};
