"""Tensors that are more than numbers in memory: those that PyTorch has yet to compute, and those that only wrap others."""

import pytest

torch = pytest.importorskip("torch")

from torch.masked import masked_tensor  # noqa: E402

from roikit.torch import multiscale_roi_align, roi_align, roi_pool  # noqa: E402

X = torch.randn(1, 2, 8, 8, generator=torch.Generator().manual_seed(1))
B = torch.tensor([[0, 1.2, 0.7, 6.1, 6.4]])
G = torch.randn(1, 2, 2, 2, generator=torch.Generator().manual_seed(2))
POOLS = [
    roi_align,
    roi_pool,
    lambda x, boxes, size, **how: multiscale_roi_align([x, x], boxes, size, (1.0, 0.5), **how),
]


def negated(tensor):
    """The same numbers, with their sign only noted."""
    lazy = torch.complex(tensor, -tensor).conj().imag
    assert lazy.is_neg()
    return lazy


@pytest.mark.parametrize("pool", POOLS)
@pytest.mark.parametrize("mode", ["avg", "max"])
def test_a_sign_that_is_only_noted_counts(pool, mode):
    for x, boxes in ((negated(X), B), (X, negated(B)), (negated(X), [negated(B[:, 1:])])):
        assert torch.equal(pool(x, boxes, 2, mode=mode), pool(X, B, 2, mode=mode))
    gradients = []
    for given, grad in ((X, G), (X, negated(G)), (negated(X), G)):
        x = given.detach().requires_grad_()
        gradients += torch.autograd.grad(pool(x, B, 2, mode=mode), x, grad)
    assert gradients[0].any()
    assert all(torch.equal(gradient, gradients[0]) for gradient in gradients)


@pytest.mark.parametrize("pool", POOLS)
def test_zeros_that_are_only_noted_count(pool):
    zeros = torch._efficientzerotensor
    assert torch.equal(pool(zeros(X.shape), B, 2), torch.zeros(G.shape))
    x = X.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(pool(x, B, 2), x, zeros(G.shape))
    assert torch.equal(gradient, torch.zeros_like(X))


def wrappers():
    return {
        "quantised": lambda t: torch.quantize_per_tensor(t, 0.1, 0, torch.qint8),
        "layout torch.sparse_coo": lambda t: t.to_sparse(),
        "masked": lambda t: masked_tensor(t, t > 0),
        "nested": lambda t: torch.nested.nested_tensor([t[0], t[0]]),
        "not initialised": lambda _: torch.nn.UninitializedParameter(),
    }


@pytest.mark.filterwarnings("ignore:.*MaskedTensor:UserWarning", "ignore:.*nested:UserWarning")
@pytest.mark.filterwarnings("ignore:.*quantize:DeprecationWarning", "ignore:.*quantiz:UserWarning")
@pytest.mark.parametrize("what", wrappers())
def test_what_only_wraps_numbers_is_refused_by_name(what):
    wrapped = wrappers()[what]
    for name, arguments in (
        ("input", (wrapped(X), B)),
        ("boxes", (X, wrapped(B))),
        (r"boxes\[0\]", (X, [wrapped(B[:, 1:])])),
    ):
        for pool in (roi_align, roi_pool):
            with pytest.raises(TypeError, match=f"^{name} .*{what}"):
                pool(*arguments, 2)
    with pytest.raises(TypeError, match=rf"^inputs\[1\] .*{what}"):
        multiscale_roi_align([X, wrapped(X)], B, 2, (1.0, 0.5))


@pytest.mark.parametrize("pool", POOLS)
def test_an_arriving_gradient_that_is_sparse_is_refused_by_name(pool):
    x = X.clone().requires_grad_()
    with pytest.raises(TypeError, match=r"^grad has layout torch.sparse_coo"):
        torch.autograd.grad(pool(x, B, 2), x, G.to_sparse())


@pytest.mark.filterwarnings("ignore:.*torch.jit.script:FutureWarning")  # of torch.func.jvp itself
@pytest.mark.parametrize("pool", [roi_align, roi_pool])
@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("input", lambda pool: torch.vmap(lambda x: pool(x, B, 2))(X[None])),
        ("boxes", lambda pool: torch.vmap(lambda boxes: pool(X, boxes, 2))(B[None])),
        ("input", lambda pool: torch.func.grad(lambda x: pool(x, B, 2).sum())(X)),
        ("input", lambda pool: torch.func.jvp(lambda x: pool(x, B, 2), (X,), (X,))),
    ],
)
def test_transforms_of_functions_are_refused_by_name(pool, name, call):
    with pytest.raises(NotImplementedError, match=f"^{name} is inside a transform of torch.func"):
        call(pool)


@pytest.mark.parametrize("pool", [roi_align, roi_pool])
def test_the_way_from_an_array_to_a_tensor_is_named(pool):
    with pytest.raises(TypeError, match=r"^input must be .* not numpy.ndarray: torch.from_numpy\(input\) is one"):
        pool(X.numpy(), B, 2)
    with pytest.raises(TypeError, match=r"^boxes\[0\] must be .*: torch.from_numpy\(boxes\[0\]\) is one"):
        pool(X, [B.numpy()], 2)
