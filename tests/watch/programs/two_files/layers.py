"""The layers of the price model."""

import torch
from torch import nn


class LogReturns(nn.Module):
    """Relative changes of positive prices, weighted by a learned factor for each asset."""

    def __init__(self, assets):
        super().__init__()
        self.factor = nn.Parameter(torch.ones(assets))

    def forward(self, prices):
        logs = torch.log(prices * self.factor)
        return logs[1:] - logs[:-1]
