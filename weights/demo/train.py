"""Trains the network on rendered scenes, in stages: first on small pictures, then at the network's own size.

    python train.py --size 150 --scenes 40000 --steps 1300 --batch 32 --save small.pt
    python train.py --size 299 --scenes 6000 --first-scene 100000 --steps 600 --batch 16 --rate 2e-3 \\
        --start small.pt --save final.pt

The target is uniform over the classes present. A stage can be stopped and taken up again: it writes its state to
the `--save` file every 100 steps and continues from there.
"""

import argparse
import math
import time
from pathlib import Path

import torch
import torch.nn.functional as F

from network import Xception, normalised
from pool import render
from scenes import LABELS

SEED = 4


def augmented(x):
    """Flips, crops, colour jitter, noise, blur and cut-outs for a batch in -1..1."""
    n, _, h, w = x.shape
    flips = torch.rand(n) < 0.5
    x[flips] = x[flips].flip(3)
    if torch.rand(()) < 0.6:
        # The same crop for the whole batch: at most a tenth of each side, so that objects stay in the picture.
        ch, cw = int(h * (0.9 + 0.1 * torch.rand(()))), int(w * (0.9 + 0.1 * torch.rand(())))
        top, left = int(torch.rand(()) * (h - ch + 1)), int(torch.rand(()) * (w - cw + 1))
        x = F.interpolate(x[:, :, top : top + ch, left : left + cw], (h, w), mode="nearest-exact")
    gain = 1 + 0.25 * (2 * torch.rand(n, 3, 1, 1) - 1) * torch.rand(n, 1, 1, 1)
    offset = 0.25 * (2 * torch.rand(n, 1, 1, 1) - 1) * torch.rand(n, 1, 1, 1)
    gray = 0.5 * torch.rand(n, 1, 1, 1) * (torch.rand(n, 1, 1, 1) < 0.3)
    x = x + gray * (x.mean(1, keepdim=True) - x)
    x = x * gain + offset
    if torch.rand(()) < 0.2:
        x = F.avg_pool2d(x, 3, 1, 1, count_include_pad=False)
    if torch.rand(()) < 0.4:
        x = x + 0.12 * torch.rand(n, 1, 1, 1) * torch.randn_like(x)
    for i in range(n):
        if torch.rand(()) < 0.35:
            ch, cw = int(h * (0.05 + 0.15 * torch.rand(()))), int(w * (0.05 + 0.15 * torch.rand(())))
            top, left = int(torch.rand(()) * (h - ch)), int(torch.rand(()) * (w - cw))
            x[i, :, top : top + ch, left : left + cw] = 2 * torch.rand(3, 1, 1) - 1
    return x.clamp(-1, 1)


def batches(pictures, targets, size, start):
    """Endless batches in a random order that depends on the seed only; begins with batch number `start`."""
    step = start
    per_epoch = len(pictures) // size
    while True:
        epoch, place = divmod(step, per_epoch)
        order = torch.randperm(len(pictures), generator=torch.Generator().manual_seed(SEED + epoch))
        for i in range(place, per_epoch):
            chosen = order[i * size : (i + 1) * size].sort().values.numpy()
            yield torch.from_numpy(pictures[chosen]), targets[chosen]
        step = (epoch + 1) * per_epoch


def optimiser_for(network):
    """AdamW that decays kernels only, not biases and batch normalisations."""
    kernels = [p for p in network.parameters() if p.ndim > 1]
    others = [p for p in network.parameters() if p.ndim <= 1]
    return torch.optim.AdamW([{"params": kernels, "weight_decay": 0.02}, {"params": others, "weight_decay": 0.0}])


def rate_share(step, steps):
    """The share of the largest learning rate at a step: a linear warm-up, then half a cosine down to zero."""
    warm_up = max(min(100, steps // 10), 1)
    return min((step + 1) / warm_up, 0.5 * (1 + math.cos(math.pi * max(step - warm_up, 0) / (steps - warm_up))))


def save(file, network, optimiser, step):
    """Writes the state so that an interruption leaves the former file whole."""
    unfinished = Path(f"{file}.part")
    torch.save({"network": network.state_dict(), "optimiser": optimiser.state_dict(), "step": step}, unfinished)
    unfinished.replace(file)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pool", default="pool", help="folder for rendered scenes")
    parser.add_argument("--scenes", type=int, default=40000)
    parser.add_argument("--first-scene", type=int, default=0)
    parser.add_argument("--size", type=int, default=150)
    parser.add_argument("--steps", type=int, default=1300)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rate", type=float, default=3e-3, help="largest learning rate")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--start", help="weights to begin with")
    parser.add_argument("--save", required=True)
    options = parser.parse_args()

    torch.manual_seed(SEED)
    torch.set_num_threads(options.threads)
    pictures, present = render(options.pool, "train", options.first_scene, options.scenes, options.size)
    targets = torch.from_numpy(present).float()
    targets /= targets.sum(1, keepdim=True)

    network = Xception(len(LABELS)).to(memory_format=torch.channels_last)
    optimiser = optimiser_for(network)
    done = 0
    if Path(options.save).exists():
        state = torch.load(options.save)
        network.load_state_dict(state["network"])
        optimiser.load_state_dict(state["optimiser"])
        done = state["step"]
        torch.manual_seed(SEED + done)
    elif options.start:
        network.load_state_dict(torch.load(options.start)["network"])

    began, right, loss_sum, seen = time.time(), 0, 0.0, 0
    source = batches(pictures, targets, options.batch, done)
    network.train()
    for step in range(done, options.steps):
        for group in optimiser.param_groups:
            group["lr"] = options.rate * rate_share(step, options.steps)
        pixels, target = next(source)
        x = augmented(normalised(pixels)).contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16):
            logits = network(x)
        loss = F.cross_entropy(logits.float(), target)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 2.0)
        optimiser.step()

        right += (target.gather(1, logits.argmax(1, keepdim=True)) > 0).sum().item()
        # The smallest possible loss is the targets' entropy.
        loss_sum += loss.item() * len(target) - torch.special.entr(target).sum().item()
        seen += len(target)
        if (step + 1) % 100 == 0 or step + 1 == options.steps:
            print(
                f"step {step + 1}/{options.steps}: excess loss {loss_sum / seen:.4f}, "
                f"top class present {right / seen:.4f}, {seen / (time.time() - began):.0f} pictures/s",
                flush=True,
            )
            began, right, loss_sum, seen = time.time(), 0, 0.0, 0
            save(options.save, network, optimiser, step + 1)


if __name__ == "__main__":
    main()
