"""Expressions that would take all memory or all time, each with a number that is easily typed."""

from __future__ import annotations

BOMBS = """
ones(10**12) * x
ones(10**6, 10**6) * x
zeros([10**12]) * x
full([10**12], 1) * x
full([10**6, 10**6], 1) * x[0]
eye(10**6) * x[0]
rand(10**12) * x
randn(10**6, 10**6) * x
randint(5, [10**12]) * x
randperm(10**12) * x
normal(0.0, 1.0, [10**12]) * x
normal(0, 1, 10**9) * x
arange(10**12) * x
arange(0, 1, 1e-12) * x
arange(0, 1e12) * x
linspace(0, 1, 10**12) * x
logspace(0, 1, 10**12) * x
hann_window(10**12) * x
kaiser_window(10**12) * x
tril_indices(10**9, 3) * x
triu_indices(10**6, 10**6) * x
x.new_zeros(10**12)
x.new_ones([10**12])
x.new_full([10**12], 3)
x.repeat(10**12)
x[:, None].expand(2, 10**12) * 1
broadcast_to(x[:, None], [2, 10**12])
tile(x, [10**12])
repeat_interleave(x, 10**12)
repeat_interleave(tensor([10**12]).long())
x.repeat_interleave(tensor([10**11, 10**11]).long())
outer(arange(0, 100000, 1), arange(0, 100000, 1)) * x[0]
kron(ones(30000, 1), ones(1, 30000)) * x[0]
tensordot(ones(2**15), ones(2**15), 0) * x[0]
einsum('i,j->ij', ones(2**17), ones(2**17)) * x[0]
einsum('i,j,k->ijk', ones(2**11), ones(2**11), ones(2**11)) * x[0]
adaptive_avg_pool3d(ones(1, 1, 1, 1, 1), [1000, 1000, 1000]) * x[0]
interpolate(ones(1, 1, 1, 1, 1), 1000) * x[0]
interpolate(ones(1, 1, 1, 1, 1), scale_factor=1000.0) * x[0]
pad(ones(1, 1, 1), [500, 500, 500, 500, 500, 500]) * x[0]
ones(1, 100000)[zeros(100000).long()] * x[0]
h = ones(1000, 1000); h[zeros(1000000).long(), :] * x[0]
h = ones(1000, 1000); h[None, zeros(1000000).long()] * x[0]
index_select(ones(1, 100000), 0, zeros(100000).long()) * x[0]
ones(10**5, 1) @ ones(1, 10**5) * x[0]
matmul(ones(10**5, 1), ones(1, 10**5)) * x[0]
quantile(ones(10**4, 10**3), linspace(0, 1, 10**6), dim=0) * x[0]
cdist(ones(2**17, 1), ones(2**17, 1)) * x[0]
ones(60000)[:, None] * ones(60000)[None, :] * x[0]
ones(60000)[:, None] > ones(60000)[None, :]
maximum(ones(60000)[:, None], ones(60000)[None, :]) * x[0]
where(ones(60000)[:, None] > 0, ones(60000)[None, :], x[0])
ones(60000)[:, None] @ ones(60000)[None, :] * x[0]
meshgrid(arange(10**5), arange(10**5))[0] * x[0]
cartesian_prod(arange(1000), arange(1000), arange(1000), arange(1000))
combinations(arange(1000), 30)
combinations(arange(10), 10**9)
combinations(arange(0, 3, 1), 25)
block_diag(ones(1, 20000), ones(20000, 1)) * x[0]
diag(ones(10**6)) * x[0]
diag(x, 10**6)
diag_embed(x, 10**9)
diagflat(ones(10**6)) * x[0]
vander(x, 10**12)
linalg.vander(x, N=10**12)
one_hot(tensor([10**12]).long()) * x[0]
one_hot(tensor([0]).long(), 10**12) * x[0]
bincount(tensor([10**12]).long()) * x[0]
bincount(tensor([1]).long(), minlength=10**12) * x[0]
histc(x, 10**12)
multinomial(abs(x), 10**12, True)
pad(x, [10**12, 0])
pad(x, [10**9, 10**9])
interpolate(x[None, None], 10**12)
interpolate(x[None, None], scale_factor=1e12)
adaptive_avg_pool1d(x[None, None], 10**12)
adaptive_max_pool2d(ones(1, 1, 3, 3), 10**6) * x[0]
fft.fft(x, n=10**12)
fft.irfft(x, n=10**12)
fft.fftfreq(10**12) * x[0]
conv1d(x[None, None], ones(1, 1, 1), padding=10**12)
conv_transpose1d(x[None, None], ones(1, 1, 1), stride=10**12)
conv_transpose1d(x[None, None], ones(1, 1, 1), stride=10**9)
unfold(ones(1, 1, 3, 3), 1, padding=10**9) * x[0]
affine_grid(ones(1, 2, 3), [1, 1, 10**6, 10**6]) * x[0]
mvlgamma(x + 10, 10**9)
special.multigammaln(x + 10, 10**12)
special.laguerre_polynomial_l(x, 10**18)
special.laguerre_polynomial_l(x, tensor([1e18]))
special.legendre_polynomial_p(x / 10, 10**18)
special.shifted_chebyshev_polynomial_t(x * 1e-8, 2**62)
special.shifted_chebyshev_polynomial_u(-x * 1e-20, tensor([2.0**62]))
special.shifted_chebyshev_polynomial_v(1e-8, x * 2**62)
special.shifted_chebyshev_polynomial_w(n=2**62, x=x * 1e-8)
special.chebyshev_polynomial_t(x.double() + 2.0**-50, 2**62)
special.chebyshev_polynomial_w(-x.double() - 2.0**-50, 2**62)
x * special.legendre_polynomial_p(0.5, 10**18)
max_pool1d(x[None], 10**12)
max_pool1d(x[None], 2**30, 1, 2**29)
tensor_split(x, 10**12)[0]
tensor_split(x, 10**8)[0]
tensor_split(x, tensor(10**8).long())[0]
hsplit(ones(2**20), 2**20)[0] * x
vsplit(ones(2**20, 1), 2**20)[0] * x
split(ones(2**20), 1)[0] * x
chunk(ones(2**20), 2**20)[0] * x
ones(2**20).unbind()[0] * x
""".strip().splitlines()
