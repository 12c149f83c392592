v = number(1, {{"v", v}, {"g", g}, {"beta", beta}, {"rate", rate}, {"x", x}});
x = number(2, {{"v", v}, {"g", g}, {"beta", beta}, {"rate", rate}, {"x", x}});
