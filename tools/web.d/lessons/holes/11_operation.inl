v.give(0, formula(1, {{"g", v.g}, {"x", v.in(0)}}));
