#!/usr/bin/env bash
# PyTorch 1.13.1 (Debian's python3-torch 1.13.1+dfsg-4): clip_grad_norm_ makes 0 of all gradients when their norm overflows f32.
#
# Gradients of 1e20 are finite and their norm is 1.6e20, but the squares are not finite in f32. The norm is inf, max_norm / inf is 0,
# and every gradient of every parameter is multiplied by 0, the small ones too. With norm_type=inf, or in f64, the same gradients
# are clipped as one would expect. error_if_nonfinite, which is off, calls it a non-finite norm.
#
# Who meets it: who clips because gradients explode: beyond 1.8e19 the step is 0 and not max_norm, so that training seems
# to stand still. Gradus adds the squares in f64.
set -euo pipefail
folder=$(mktemp -d)
. "$(dirname "$0")/common.sh"
/usr/bin/python3 -c 'import torch; assert torch.__version__ == "1.13.0a0"' 2>/dev/null ||
  skip "needs Debian's python3-torch 1.13.1: apt-get install python3-torch"
cat >"$folder/program.py" <<'END'
import torch

print("version", torch.__version__)
for dtype in torch.float32, torch.float64:
    for size in 1e15, 1e20:
        for norm_type in 2.0, float("inf"):
            parameters = [torch.zeros(2, dtype=dtype, requires_grad=True) for _ in range(2)]
            parameters[0].grad = torch.full((2,), size, dtype=dtype)
            parameters[1].grad = torch.full((2,), size / 2, dtype=dtype)
            norm = torch.nn.utils.clip_grad_norm_(parameters, 1.0, norm_type)
            clipped = " ".join(f"{p.grad[0].item():.3f}" for p in parameters)
            print(f"{dtype} {size:.0e}, norm type {norm_type:3}: norm {norm.item():.3g}, clipped to {clipped}")
END
seen /usr/bin/python3 "$folder/program.py" <<'END'
version 1.13.0a0
torch.float32 1e+15, norm type 2.0: norm 1.58e+15, clipped to 0.632 0.316
torch.float32 1e+15, norm type inf: norm 1e+15, clipped to 1.000 0.500
torch.float32 1e+20, norm type 2.0: norm inf, clipped to 0.000 0.000
torch.float32 1e+20, norm type inf: norm 1e+20, clipped to 1.000 0.500
torch.float64 1e+15, norm type 2.0: norm 1.58e+15, clipped to 0.632 0.316
torch.float64 1e+15, norm type inf: norm 1e+15, clipped to 1.000 0.500
torch.float64 1e+20, norm type 2.0: norm 1.58e+20, clipped to 0.632 0.316
torch.float64 1e+20, norm type inf: norm 1e+20, clipped to 1.000 0.500
END
