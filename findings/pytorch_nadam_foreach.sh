#!/usr/bin/env bash
# PyTorch 1.13.1 (Debian's python3-torch 1.13.1+dfsg-4): NAdam goes another way with foreach=True than without.
#
# The step along the average is lr mu_next / (1 - mu_1 … mu_t mu_next). With foreach=True it is computed so. Without, which is
# the default on a CPU, the factor mu_t stands in the product twice, so that the same options give other steps: 0.6 % apart at the first.
#
# Who meets it: who compares paths of NAdam between machines, or with another library. Gradus and the paper have one factor.
set -euo pipefail
folder=$(mktemp -d)
. "$(dirname "$0")/common.sh"
/usr/bin/python3 -c 'import torch; assert torch.__version__ == "1.13.0a0"' 2>/dev/null ||
  skip "needs Debian's python3-torch 1.13.1: apt-get install python3-torch"
cat >"$folder/program.py" <<'END'
import torch


def path(foreach):
    x = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.NAdam([x], lr=0.1, foreach=foreach)
    places = []
    for gradient in (1, 1, -2, 0.5):
        x.grad = torch.tensor([float(gradient)], dtype=torch.float64)
        optimizer.step()
        places.append(f"{x.item():.6f}")
    return places


print("version", torch.__version__)
print("default     ", *path(None))
print("foreach=True", *path(True))
END
seen /usr/bin/python3 "$folder/program.py" <<'END'
version 1.13.0a0
default      -0.104953 -0.182829 -0.096356 -0.120153
foreach=True -0.105645 -0.184014 -0.097518 -0.121325
END
