"""The README.md that goes into every kit."""
import os
import textwrap

from .torch_ops import OPS

TEXT = '''
# Reference vectors for an autodiff tensor framework

Expected values for ops, layers, optimizers, schedulers and training runs, made with
PyTorch {torch} (seed {seed}) for C++ tests to load. {cases} cases. Everything is float64
unless a case says `"dtype": "F32"`. Nothing here needs PyTorch to be used.

    ops/       ops.json, errors.json, one .safetensors per group of cases
    modules/   modules.json, modules.safetensors
    optim/     optim.json, optim.safetensors
    sched/     sched.json, sched.safetensors
    clip/      clip.json, clip.safetensors
    init/      init.json (statistics only)
    train/     train.json, train.safetensors
    manifest.json   bytes and SHA-256 of every other file, cases per group

{counts}

Made by `generate.py --seed {seed} --out DIR` and verified by `check.py DIR`, which confirms
each value against torch, against independent numpy code written from this text, and
gradients against finite differences. The same seed gives the same values (the same
bytes on the same machine); another seed gives other shapes, attributes, hyperparameters
and values under the same case names.

The two programs are in the folder make/ of tests/reference. They need Debian's python3-torch
and python3-numpy; no test runs them. From the root of the repository, with a new folder DIR:

    python3 tests/reference/make/generate.py --seed 2 --out DIR     20 seconds
    python3 tests/reference/make/check.py DIR                       a minute
    python3 tests/reference/make/selftest.py DIR                    half an hour: check.py must refuse damaged copies
    build/dev/bin/gradus verify DIR                                 the same cases by Gradus

## 1. Formats

### .safetensors

    bytes 0..7        N, unsigned 64-bit little-endian
    bytes 8..8+N-1    JSON, ASCII, padded at the end with spaces so that N % 8 == 0
    bytes 8+N..end    the data

The JSON is one object: `"__metadata__"` (an object, string to string: ignore it) and one entry
per tensor, `"name": {{"dtype": D, "shape": [..], "data_offsets": [begin, end]}}`. `begin` and `end`
count bytes from the start of the data (file position 8+N). `end - begin` is the product of
the shape times the element size. D is one of

    F64  8-byte IEEE double      F32   4-byte IEEE float
    I64  8-byte signed integer   BOOL  1 byte, 0 or 1

Little-endian, row-major (last axis fastest), no gaps; every tensor starts at a multiple of its
element size relative to the data, and the data at a multiple of 8 in the file. A shape `[]` is a 0-d tensor
with one element; a shape with a 0 in it has no bytes (`begin == end`). F64 data may hold NaN and infinities.
Tensor names contain `/`, `.` and `_`.

### The JSON indexes

Each is `{{"format": .., "seed": .., .., "cases": [..]}}`, one case per line. No NaN or Infinity
literals. Integers are written as integers, real numbers with a point or an exponent (`2.0`, `1e-05`) and so
that strtod gives the exact double; no attribute is sometimes one and sometimes the other (only clip's `norm_type`
is a real number or the string "inf"). `null` means "none" or "default", as said below. An absent key is never
the same as 0.

### Tolerance

An element passes if `|got - want| <= atol + rtol * |want|`, with the case's `rtol` and `atol`.
NaN must meet NaN; an infinity must meet the same infinity; the sign of zero does not matter. BOOL
and I64 must be equal. Shapes must be equal. The tolerances are not guesses: a case that finite differences can confirm (`smooth`)
has one at least ten times what changing all its inputs by 1e-15 (relative) does to its results, and the numpy
implementation in check.py passes with them. So a failure is a bug or a needlessly inaccurate
algorithm, not rounding. For F32 cases the stored values are computed in double from inputs
exact in float and rounded once; torch's own float32 kernels pass.

## 2. ops/

    {{"name": "conv2d/stride_hw", "op": "conv2d", "attrs": {{"stride": [3, 1], ..}},
     "args": ["x", "weight", "bias"], "file": "conv.safetensors",
     "inputs": ["conv2d/stride_hw/in.x", ..],
     "output": ["conv2d/stride_hw/out0"], "cotangent": ["conv2d/stride_hw/cot0"],
     "grads": ["conv2d/stride_hw/grad.x", ..],
     "hvp": {{"v": [..], "result": [..], "jvp": [..]}},
     "dtype": "F64", "rtol": 1e-10, "atol": 1e-12, "smooth": true}}

- `args` gives the role of each entry of `inputs` (section 2.2). Optional arguments (a bias, a
  mask, class weights) are simply not there when absent. `x0, x1, ..` are the operands of variadic ops.
- `views` (may be absent) is parallel to `inputs`; where it is not null, the op does not see the stored
  tensor itself but a view of it, so that non-contiguous operands get tested:
  `{{"kind": "permute", "dims": [..]}}` (view axis i = stored axis dims[i]),
  `{{"kind": "slice", "ranges": [[start, stop, step], ..]}}` (leading axes), or
  `{{"kind": "expand", "shape": [..]}}`. Build the leaf from the stored tensor, apply your own view op
  (do not copy), call the op. **Gradients, v and hvp belong to the stored leaf** and have its shape.
- `output` and `cotangent` are always lists, one entry per output (split, max_dim, batch_norm in
  training and some programs have several). A null cotangent: that output does not enter the gradient.
- `grads` is parallel to `inputs`; null: no gradient is asked for (integers, masks, targets and class
  weights of some losses, forward-only cases). With L = sum over k of sum(cotangent[k] * output[k]),
  `grads[i] = dL/d inputs[i]`. It is all zeros where the input does not influence L.
- `hvp` (may be absent): second derivatives. With the cotangents held constant and
  S = sum over i of sum(grads[i] * v[i]) - i over the inputs that have a gradient, all of them at once -

      hvp.result[i] = dS / d inputs[i]        (the Hessian of L times v)
      hvp.jvp[k]    = dS / d cotangent[k]     (the Jacobian times v: the forward-mode derivative of output k)

  To test: make the cotangents leaves too, run backward with graph recording, form S, run backward again.
  The jvp part checks that your backward functions are differentiable with respect to the incoming gradient.
- `smooth`: finite differences can confirm the gradient here. false: a kink, a tie, an extreme value, or no gradient.
- `note` (may be absent): what the case is about.

A case without any non-null cotangent is forward-only. `errors.json` lists calls that must be refused
(throw, or whatever you do); its cases have no outputs. torch refuses all of them.

A test in C++ comes down to

    for (auto& c : index["cases"]) {{
      auto leaves = load(c["inputs"]);                       // requires_grad where grads[i] is not null
      auto out = call(c["op"], views(leaves, c), c["attrs"]);
      CHECK close(out[k], c["output"][k]) for all k
      auto L = sum over k with a cotangent of sum(out[k] * cot[k]);
      CHECK close(grad(L, leaves)[i], c["grads"][i]) for all i that are not null
    }}

and a list of ops you have not implemented yet, so that skipping is visible.

### 2.1 Conventions that the values fix

- Broadcasting and negative axes as in numpy. `keepdim` keeps reduced axes as size 1.
- Ties: `max`, `min` over any axes share the gradient equally among the tied elements; `maximum`, `minimum` give
  each side half; `max_dim`, `min_dim`, `max_pool2d` give all of it to the first one (lowest index, row-major).
- Kinks: relu, abs, sign, l1 have derivative 0 at 0; leaky_relu has negative_slope, elu has alpha; clamp has 1 at its
  bounds (so hinge_loss, composed with clamp, lets the gradient through at its kink).
- sqrt has derivative +inf at 0, std has gradient 0 where it is 0.
- NaN passes through relu, clamp, max, min, maximum, minimum.
- prod's gradient is the product of the other elements, also where some are 0. pow: x**0 is 1 with gradient 0 for x; 0**y has gradient 0 for y >= 0.
- where and masked_fill do not leak NaN from the branch not taken, neither forward nor backward.
- `reshape` cases serve for view, too, except those of permuted and strided operands, which need a copy.
- Empty tensors: sum 0, prod 1, mean NaN, logsumexp -inf, max an error; matmul over an inner size of 0 gives zeros.
- logsumexp and softmax of -inf entries give weight and gradient 0; a row of only -inf gives -inf (logsumexp) or NaN (softmax).

cross_entropy with class indices t, per element, eps = label_smoothing, C classes, w = weight or all 1, p = softmax over axis 1
(axis 0 of a 1-D input):

    loss = keep * ( -(1-eps) * w[t] * log p[t]  -  eps/C * sum_c w[c] * log p[c] ),   keep = (t != ignore_index)
    mean = sum(loss) / sum(keep * w[t])

With probabilities y as target: `loss = -sum_c w[c] * (y[c]*(1-eps) + eps/C) * log p[c]`, mean = sum(loss) / number of elements of loss.

Pooling sizes: floor((n + 2*pad - window) / stride) + 1; with ceil_mode ceil instead of floor, less one if the last window
would start beyond the input and its left padding. avg_pool2d with count_include_pad divides by the part of the window
that lies inside input plus padding (so not by more than that in a window that ceil_mode lets stick out).

### 2.2 Ops: arguments; attributes -> result

{ops}

## 3. modules/

    {{"name", "module", "config", "file", "state": {{parameter or buffer: tensor}},
     "steps": [{{"training", "inputs": {{name: tensor}}, "outputs", "cotangents", "input_grads", "param_grads", "buffers_after"}}],
     "dtype", "rtol", "atol", "note"}}

`module` and `config` are torch.nn's class and constructor arguments, `state` its state_dict before the first step (names and shapes
as torch has them, so they also test loading). Every step is one forward and one backward of
L = sum of outputs times cotangents, with gradients from zero and parameters unchanged between steps; only BatchNorm has
more than one step (three in training, one in evaluation) and `buffers_after`. Dropout is 0 everywhere.

- Linear: y = x W^T + b, weight (out, in). Conv1d, Conv2d: weight (out, in/groups, k..).
- RNN, LSTM, GRU: x is (T, N, I), or (N, T, I) with batch_first; **h0, c0, hn, cn are (layers, N, H) in both layouts**; y is
  the last layer's h at every t, in x's layout. No h0 in `inputs`: zeros. Per layer l, weight_ih_l{{l}} (G*H, I or H), weight_hh_l{{l}}
  (G*H, H), bias_ih_l{{l}}, bias_hh_l{{l}} (G*H, both added), gates stacked along axis 0 in the order given, s = sigmoid:
  - RNN: h' = tanh(W_ih x + b_ih + W_hh h + b_hh)
  - LSTM, order i, f, g, o: c' = s(f)*c + s(i)*tanh(g), h' = s(o)*tanh(c')
  - GRU, order r, z, n: n = tanh(W_in x + b_in + r*(W_hn h + b_hn)), h' = (1-z)*n + z*h. r multiplies after the product, bias included.
- MultiheadAttention: in_proj_weight (3E, E) is the query, key and value projections stacked (q_proj_weight, k_proj_weight, v_proj_weight
  when kdim or vdim differ; in_proj_bias (3E) stays stacked); heads split E into consecutive blocks of E/num_heads; scores scaled by
  1/sqrt(E/num_heads); out_proj.weight, out_proj.bias last. Outputs y and weights: the mean over heads (N, T, S), or (N, heads, T, S)
  when average_attn_weights is false. Batch first: (N, T, E); otherwise (T, N, E). **Bool attn_mask (T, S) and key_padding_mask (N, S):
  true = may not attend**, the opposite of scaled_dot_product_attention in ops/; a float attn_mask is added (and has a gradient).
- TransformerEncoderLayer: norm_first false: x = norm1(x + attn(x)); x = norm2(x + ff(x)). true: x = x + attn(norm1(x)); x = x + ff(norm2(x)).
  ff = linear2(act(linear1(x))); gelu is the exact one. Masks as above. Recorded with training false.
- BatchNorm: y from the batch's mean and biased variance while training; running = (1-momentum)*running + momentum*batch with the **unbiased**
  variance; momentum null: momentum = 1/num_batches_tracked, counted first. track_running_stats false: no buffers, and evaluation uses the batch too.
- Embedding with padding_idx: that row's gradient is 0.

## 4. optim/

Two problems (`problems` in optim.json: constants, scalars, start):

    quadratic:  f(W, b) = sum((A W + b - Y)^2) / (2k),  A (k,m), Y (k,n), W (m,n), b (n) added to every row
    rosenbrock: f(p) = (a - p0)^2 + b*(p1 - p0^2)^2

A case is one configuration on one problem: `hyper` (torch's constructor arguments), `trajectory` {{parameter: tensor of shape (steps+1, ..)}}
with the start at index 0 and the value after step k at index k, `loss` (steps+1): f at each of these. Per step: gradient of
`objective_sign` * f at the current point, one optimizer step (objective_sign is -1 exactly when maximize is true: -f is maximised, so f falls).
`groups`: one parameter group per parameter, in the order W, b, each overriding `hyper`. `lr_change`: before step `before_step` (from 0) lr is multiplied
by `factor`, state kept. `missing_grad`: in these steps (from 0) parameter number `param` has no gradient: it is not touched and its state and its
step count do not advance. `averages`: ASGD's ax after each step (steps, ..). `sensitivity`: how far, in tolerances, a relative noise of 1e-13 in
every gradient moves the trajectory - all are far below 1, so a deviation is not rounding.

g is the gradient (negated for maximize), t counts from 1, all states start at 0:

    SGD       g += wd*p; if momentum: buf = g at the first step, then momentum*buf + (1-dampening)*g; g = nesterov ? g + momentum*buf : buf; p -= lr*g
    Adam      g += wd*p; m = b1*m + (1-b1)*g; v = b2*v + (1-b2)*g^2; amsgrad: v^ = max(v^, v) in place of v below (before bias correction)
              p -= lr/(1-b1^t) * m / (sqrt(v)/sqrt(1-b2^t) + eps)
    AdamW     p *= 1 - lr*wd first; then Adam without wd
    NAdam     g += wd*p; m, v as Adam; mu_t = b1*(1 - 0.5*0.96^(t*momentum_decay)); P_t = product of mu_1..mu_t
              p -= lr * ((1-mu_t)/(1-P_t)*g + mu_(t+1)/(1-P_t*mu_(t+1))*m) / (sqrt(v/(1-b2^t)) + eps)
    RAdam     g += wd*p; m, v as Adam; m^ = m/(1-b1^t); r_inf = 2/(1-b2) - 1; r = r_inf - 2*t*b2^t/(1-b2^t)
              r > 5: p -= lr * m^ * sqrt((r-4)(r-2)r_inf / ((r_inf-4)(r_inf-2)r)) * sqrt(1-b2^t)/(sqrt(v)+eps);  else p -= lr*m^
    Adamax    g += wd*p; m as Adam; u = max(b2*u, |g| + eps); p -= lr/(1-b1^t) * m/u
    Adagrad   g += wd*p; s += g^2 (s starts at initial_accumulator_value); p -= lr/(1+(t-1)*lr_decay) * g/(sqrt(s)+eps)
    Adadelta  g += wd*p; v = rho*v + (1-rho)*g^2; d = sqrt(a+eps)/sqrt(v+eps)*g; a = rho*a + (1-rho)*d^2; p -= lr*d
    RMSprop   g += wd*p; v = alpha*v + (1-alpha)*g^2; centered: a = alpha*a + (1-alpha)*g, use v - a^2; x = g/(sqrt(v)+eps);
              momentum > 0: buf = momentum*buf + x, x = buf; p -= lr*x
    Rprop     step size starts at lr; times etas[1] where g*prev > 0, etas[0] where < 0, then cut to step_sizes; where < 0, g = 0 (no move, prev = 0);
              p -= sign(g)*size; prev = g
    ASGD      g += wd*p; p = p*(1 - lambd*eta) - eta*g; ax = mu == 1 ? p : ax + mu*(p - ax); then eta = lr/(1+lambd*lr*t)^alpha, mu = 1/max(1, t-t0)
              (eta starts at lr, mu at 1). The parameters themselves stay un-averaged.
    Lion      p -= lr*(sign(b1*m + (1-b1)*g) + wd*p); m = b2*m + (1-b2)*g
    LBFGS     torch's algorithm (torch/optim/lbfgs.py): one `step` runs up to max_iter iterations and keeps its history between steps; first
              direction -g with t = min(1, 1/|g|_1)*lr, later t = lr; pairs with y.s <= 1e-10 are skipped; H0 = y.s/y.y; max_eval null = max_iter*5/4
              (integer division); strong_wolfe is torch's cubic-interpolating search (c1 1e-4, c2 0.9, at most 25 evaluations). A step that starts with
              max|g| <= tolerance_grad does nothing. A different but correct L-BFGS will not follow these paths; then use them as start and end
              points: after the last step f must be no larger than `loss[-1]` (within reason).

NAdam and Lion are computed in numpy from their papers: Lion is not in torch 1.13, and torch 1.13's NAdam counts mu_t twice in the second
denominator (1 - P_t*mu_t*mu_(t+1); torch 2 does not). What torch 1.13 gives is kept as `NAdam_torch113`, to be skipped unless you want bug compatibility.
torch keeps NAdam's P and ASGD's eta and mu in float32 unless the default dtype is float64; here all is double.

## 5. sched/

`scheduler`, `args`, `base_lr` (the optimizer's lr before the scheduler is constructed), `base_momentum`, `steps` = 60, and tensors `lr` (61): lr[k] is in
force during optimizer step k, that is after k calls of scheduler.step(). `momentum` (61) where the scheduler cycles it (OneCycleLR, CyclicLR: they overwrite lr
at construction and ignore base_lr). ReduceLROnPlateau gets `metric` (60): metric[k] goes into call k (from 0). Closed forms, k = index, base = base_lr:

    StepLR                 base * gamma^(k / step_size) (integer division)
    MultiStepLR            base * gamma^(number of milestones <= k), repeated milestones count repeatedly
    ExponentialLR          base * gamma^k
    CosineAnnealingLR      eta_min + (base-eta_min)*(1+cos(pi*k/T_max))/2, also beyond T_max (it rises again)
    CosineAnnealingWarmRestarts   the same with k and T_max counted within the period; periods T_0, T_0*T_mult, ..; the restart is at the period's end
    LinearLR               base * (start + (end-start)*min(k,total)/total)
    PolynomialLR           base * (1 - min(k,total)/total)^power
    ConstantLR             base * (k < total_iters ? factor : 1)
    LambdaLR               base * f(k); "inverse_sqrt": min((k+1)^-0.5, (k+1)*warmup^-1.5); "exponential_floor": max(gamma^k, floor)
    SequentialLR           part i from milestone m_i on, with k - m_i, each from base (not from the lr that the part before ended with)
    OneCycleLR             from max_lr/div_factor up to max_lr at k = pct_start*total_steps - 1 (a real number), down to start/final_div_factor at total_steps - 1;
                           three_phase: up, back to start at 2*pct_start*total_steps - 2, then down. cos: hi + (lo-hi)/2*(1+cos(pi*pct)), or linear.
                           Momentum goes from max_momentum to base_momentum and back
    CyclicLR               base_lr + (max_lr-base_lr)*triangle*scale; up in step_size_up steps, down in step_size_down (null = the same); scale 1, 1/2^cycle
                           (cycle from 0), or gamma^k; momentum max - (max-base)*triangle*scale
    ReduceLROnPlateau      better: metric < best*(1-threshold) (min, rel), > best*(1+threshold) (max, rel), < best-threshold, > best+threshold (abs).
                           bad = better ? 0 : bad+1; while in cooldown: cooldown -= 1, bad = 0; bad > patience: lr = max(lr*factor, min_lr) if that
                           changes lr by more than eps; then cooldown starts, bad = 0

## 6. clip/

`grads` are the gradients of separate parameters, `clipped` what they become. kind "norm": total = norm of all elements together (`norm_type` 2.0, 1.0, 3.0 or the
string "inf"), stored as `total_norm`; every gradient times min(1, max_norm/(total + 1e-6)) - so gradients of exactly max_norm shrink a little. A NaN or infinite total is
not an error: NaN makes everything NaN, infinity makes finite elements 0 and infinite ones NaN. kind "value": each element cut to [-clip_value, clip_value].

## 7. init/

Statistics, no tensors. `fan_in` = shape[1] * product(shape[2:]), `fan_out` = shape[0] * product(shape[2:]). Draw `shape`, then
|sample mean - mean| <= mean_tolerance, |sample standard deviation - std| <= std_tolerance (6 standard errors), |w| <= `bound` for uniform ones,
`lowest` <= w <= `highest` for trunc_normal (mean and std are those of the truncated distribution; a, b are absolute limits, not multiples of std). `gains`: calculate_gain.
xavier: std = gain*sqrt(2/(fan_in+fan_out)); kaiming: std = gain/sqrt(fan of `mode`), leaky_relu's gain sqrt(2/(1+a^2)); uniform bound = std*sqrt(3).
orthogonal: with the tensor as a matrix of `rows` x `columns`, M M^T (identity "rows") or M^T M ("columns") is `diagonal` = gain^2 times the identity, within atol.
default/*: what torch's layers start from.

## 8. train/

Two runs: `x`, `y` (I64 classes), `batches` (steps, batch) of row numbers into x and y, `initial` weights, `optimizer`, `hyper`. Step k: loss = mean cross-entropy of batch k, stored as
`losses[k]` **before** the update; gradients; optimizer step. `first_grads` (step 0), `after_step_1`, `final` (after all steps), `final_logits` (all of x with the final weights).

    mlp:     h = act(x W0^T + b0); h = act(h W1^T + b1); h W2^T + b2          (act in config)
    convnet: conv2d(3x3, padding 1), relu, max_pool2d(2, stride 2), conv2d(2x2), relu, mean over H and W, fc: x W^T + b

## 9. Where torch 1.13 may surprise

- NAdam deviates from its own documentation (section 4). ASGD's and NAdam's scalars are float32 by default.
- Class weights also weight the label-smoothing term, class by class; the mean divides by the targets' weights only.
- kl_div 'mean' divides by all elements, which is not the mathematical mean over the batch ('batchmean').
- var and std are unbiased by default (correction 1); BatchNorm normalises with the biased variance and tracks the unbiased one.
- avg_pool2d counts padding by default; max_pool2d pads with -inf and refuses padding above half the kernel.
- SequentialLR restarts each part from the initial lr; CosineAnnealingLR rises again after T_max.
- clip_grad_norm_ divides by total + 1e-6, so it also shrinks gradients that lie exactly at the limit.
- Momentum's first step ignores dampening. AdamW's decay is multiplied by lr.
- Softplus is exactly x above its threshold (20), which differs from log1p(exp(x)) by up to 2e-9 there.
- Masks: true means "attend" in scaled_dot_product_attention and "do not attend" in MultiheadAttention.
'''


def write(root, head, counts):
    table = "\n".join(f"    {k:<18}{n:5d}" for k, n in counts.items())
    ops = "\n".join(textwrap.fill(f"- **{name}**: {doc}", 130, subsequent_indent="  ", break_long_words=False) for name, (_, doc) in OPS.items())
    with open(os.path.join(root, "README.md"), "w") as f:
        f.write(TEXT.lstrip().format(torch=head["torch"], seed=head["seed"], cases=sum(counts.values()), counts=table, ops=ops))
