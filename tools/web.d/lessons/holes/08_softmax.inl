const Tensor y = to(eq(arange(0, z.numel(), 1, i64), label), f64);
return formula(1, {{"p", softmax(z, 0)}, {"y", y}, {"z", z}});
