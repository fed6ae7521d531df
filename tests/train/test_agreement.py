from __future__ import annotations

import pytest
import torch

from sonic.train.motion.agreement import Agreement
from sonic.train.sync.network import SyncConfig, SyncNetwork

CLIPS, FRAMES, FEATURES = 3, 40, 12


@pytest.fixture
def agreement(shipped_space):
    torch.manual_seed(0)
    config = SyncConfig(sound_dim=FEATURES, sound_rows=2, width=16, embedding=8, dropout=0.5)
    return Agreement(SyncNetwork(config), shipped_space)


@pytest.fixture
def batch(shipped_space):
    generator = torch.Generator().manual_seed(1)
    motion = torch.randn(CLIPS, FRAMES, shipped_space.dim, generator=generator)
    features = torch.randn(CLIPS, 2 * FRAMES, FEATURES, generator=generator)
    return motion, features, torch.ones(CLIPS, FRAMES, dtype=torch.bool), torch.ones(CLIPS, dtype=torch.bool)


def test_lips_learn_to_fit_and_the_network_that_watches_does_not_change(agreement, batch):
    motion, features, valid, heard = batch
    motion = motion.clone().requires_grad_()
    before = {name: value.clone() for name, value in agreement.network.state_dict().items()}
    optimiser = torch.optim.Adam([motion], lr=0.1)
    losses = []
    for _ in range(25):
        loss = agreement(motion, features, valid, heard)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.9 * losses[0]
    assert all(torch.equal(value, before[name]) for name, value in agreement.network.state_dict().items())


def test_it_never_drops_channels(agreement, batch):
    assert torch.equal(agreement.train()(*batch), agreement.train()(*batch))


def test_clips_whose_speech_was_withheld_do_not_count(agreement, batch):
    motion, features, valid, heard = batch
    deaf = heard.clone()
    deaf[0] = False
    motion.requires_grad_()
    agreement(motion, features, valid, deaf).backward()
    assert motion.grad[1:].abs().sum() > 0
    one_way = motion.grad[0].abs().sum() / motion.grad[1].abs().sum()
    assert one_way < 0.9  # it is still what other clips are told apart from
