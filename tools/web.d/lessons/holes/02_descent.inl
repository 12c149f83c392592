const Tensor next = formula(1, {{"w", w.detach().clone()}, {"g", w.grad().clone()}, {"rate", scalar(rate, f64)}});
w.add_(next - w.detach(), 1);
