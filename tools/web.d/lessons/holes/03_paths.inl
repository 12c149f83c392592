return number(1, {{"a", a}, {"b", b}});
