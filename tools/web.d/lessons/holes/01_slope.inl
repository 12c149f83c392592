return number(1, {{"w", w}, {"x", x}, {"y", y}});
