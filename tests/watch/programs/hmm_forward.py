"""A hidden Markov model in log space; some transitions are impossible."""

import torch

torch.manual_seed(216)
emission = torch.nn.Parameter(torch.randn(3, 5))
transition = torch.tensor([[0.5, 0.5, 0.0], [0.0, 0.5, 0.5], [0.0, 0.0, 1.0]]).log()
optimizer = torch.optim.SGD([emission], lr=0.1)
for _ in range(4):
    observed = torch.randint(5, (6,))
    log_b = emission.log_softmax(1)
    alpha = torch.tensor([0.0, float("-inf"), float("-inf")]) + log_b[:, observed[0]]
    for symbol in observed[1:]:
        alpha = torch.logsumexp(alpha[:, None] + transition, 0) + log_b[:, symbol]
    loss = -torch.logsumexp(alpha, 0)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(loss.item(), emission.double().sum().item())
