const double h = number(2, {{"n", 0}});
return number(1, {{"up", f(x + h)}, {"here", f(x)}, {"down", f(x - h)}, {"h", h}});
