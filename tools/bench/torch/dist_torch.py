#!/usr/bin/python3
"""The other side of `bench_dist train`: the same network, batch and optimizer by torch.distributed with Gloo.

    tools/bench/cluster --hosts 2 tools/bench/torch/dist_torch.py [STEPS]
"""
import os, statistics, sys, time
import torch, torch.distributed as dist
from torch import nn

torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
torch.manual_seed(1)
dist.init_process_group("gloo")
rank, ranks = dist.get_rank(), dist.get_world_size()
net = nn.parallel.DistributedDataParallel(nn.Sequential(
    nn.Linear(784, 1024), nn.ReLU(), nn.Linear(1024, 1024), nn.ReLU(), nn.Linear(1024, 10)))
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
x, y = torch.randn(64, 784), torch.randint(0, 10, (64,))
times = []
for _ in range(int(sys.argv[1]) if len(sys.argv) > 1 else 20):
    begin = time.monotonic()
    loss = nn.functional.cross_entropy(net(x), y)
    loss.backward()
    opt.step()
    opt.zero_grad(set_to_none=True)
    seconds = torch.tensor([time.monotonic() - begin], dtype=torch.float64)
    dist.all_reduce(seconds, op=dist.ReduceOp.MAX)
    times.append(seconds.item())
if rank == 0:
    median = statistics.median(times)
    print(f"torch {torch.__version__}, {ranks} ranks: {64 * ranks / median:.0f} samples/s ({median * 1e3:.1f} ms a step, loss {loss.item():.3f})")
dist.destroy_process_group()
