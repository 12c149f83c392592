#!/usr/bin/env bash
# PyTorch 1.13.1 (Debian's python3-torch 1.13.1+dfsg-4): smooth_l1_loss with beta=0 has the gradient -1 where the prediction is exact.
#
# Its documentation says that beta=0 is the same as l1_loss. l1_loss has the gradient 0 there. In smooth_l1_loss the
# comparison of the difference with -beta comes first, and 0 <= -0 holds. For every other beta the gradient is 0.
#
# Who meets it: who turns beta down to 0, or takes it from a configuration: a prediction that is right is pushed away, always upwards.
# In Gradus smooth_l1_loss with beta 0 is l1_loss.
set -euo pipefail
folder=$(mktemp -d)
. "$(dirname "$0")/common.sh"
/usr/bin/python3 -c 'import torch; assert torch.__version__ == "1.13.0a0"' 2>/dev/null ||
  skip "needs Debian's python3-torch 1.13.1: apt-get install python3-torch"
cat >"$folder/program.py" <<'END'
import torch
from torch.nn import functional


def gradient(loss, **options):
    x = torch.tensor([-2.0, 0.0, 2.0], requires_grad=True)
    loss(x, torch.zeros(3), reduction="sum", **options).backward()
    return " ".join(f"{v:g}" for v in x.grad.tolist())


print("version", torch.__version__, "- differences -2 0 2")
print("l1_loss               ", gradient(functional.l1_loss))
for beta in 0.0, 1e-30, 1.0:
    print(f"smooth_l1_loss {beta:<7g}", gradient(functional.smooth_l1_loss, beta=beta))
END
seen /usr/bin/python3 "$folder/program.py" <<'END'
version 1.13.0a0 - differences -2 0 2
l1_loss                -1 0 1
smooth_l1_loss 0       -1 -1 1
smooth_l1_loss 1e-30   -1 0 1
smooth_l1_loss 1       -1 0 1
END
