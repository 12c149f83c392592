return formula(1, {{"x", x}, {"g", g}, {"on", to(x > 0, f64)}});
