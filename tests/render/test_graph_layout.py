"""The places of boxes: none over another, arrows downward and beside boxes, crossings that need not be are not."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradcli.render.drawings.layout import Layout, Spacing, lay_out

Size = tuple[float, float]
Edge = tuple[int, int]
Graph = tuple[dict[int, Size], list[Edge]]


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Up to 25 boxes of any size, and arrows from earlier to later ones."""
    count = draw(st.integers(1, 25))
    side = st.integers(10, 200).map(float)
    sizes = {node: (draw(side), draw(side)) for node in range(count)}
    pairs = [(start, end) for end in range(count) for start in range(end)]
    edges = draw(st.lists(st.sampled_from(pairs), max_size=40, unique=True)) if pairs else []
    return sizes, sorted(edges)


def boxes(sizes: dict[int, Size], layout: Layout) -> dict[int, tuple[float, float, float, float]]:
    """Left, top, right and bottom of each."""
    return {
        node: (x - sizes[node][0] / 2, y - sizes[node][1] / 2, x + sizes[node][0] / 2, y + sizes[node][1] / 2)
        for node, (x, y) in layout.centres.items()
    }


@given(graphs())
def test_no_box_lies_over_another_or_outside(graph: Graph):
    sizes, edges = graph
    layout = lay_out(sizes, edges)
    placed = list(boxes(sizes, layout).values())
    for number, (left, top, right, bottom) in enumerate(placed):
        assert left >= -1e-6
        assert top >= -1e-6
        assert right <= layout.width + 1e-6
        assert bottom <= layout.height + 1e-6
        for other in placed[:number]:
            apart = max(left - other[2], other[0] - right, top - other[3], other[1] - bottom)
            assert apart >= 8 - 1e-6


@given(graphs())
def test_every_arrow_goes_down_from_the_bottom_of_one_box_to_the_top_of_the_other(graph: Graph):
    sizes, edges = graph
    layout = lay_out(sizes, edges)
    places = boxes(sizes, layout)
    assert set(layout.routes) == set(edges)
    for (start, end), points in layout.routes.items():
        assert points[0][1] == places[start][3]
        assert points[-1][1] == places[end][1]
        assert places[start][0] <= points[0][0] <= places[start][2]
        assert places[end][0] <= points[-1][0] <= places[end][2]
        assert all(upper[1] <= lower[1] for upper, lower in pairwise(points))
        assert points[0][1] < points[-1][1]


@given(graphs())
def test_where_an_arrow_passes_a_layer_it_passes_beside_the_boxes(graph: Graph):
    sizes, edges = graph
    layout = lay_out(sizes, edges)
    places = boxes(sizes, layout)
    for (start, end), points in layout.routes.items():
        upright = [(a, b) for a, b in pairwise(points) if abs(a[0] - b[0]) < 1e-9]
        for (x, top), (_, bottom) in upright:
            for node, (left, above, right, below) in places.items():
                over = left < x < right and above < bottom - 1e-6 and top + 1e-6 < below
                assert not over or node in (start, end)


@given(graphs())
def test_the_same_graph_is_laid_out_in_the_same_way(graph: Graph):
    assert lay_out(*graph) == lay_out(*graph)


def test_two_arrows_that_cross_as_given_are_uncrossed():
    layout = lay_out(dict.fromkeys(range(4), (50.0, 20.0)), [(0, 3), (1, 2)])
    assert (layout.centres[0][0] < layout.centres[1][0]) == (layout.centres[3][0] < layout.centres[2][0])


def test_a_chain_is_one_straight_column():
    layout = lay_out({0: (50, 20), 1: (90, 20), 2: (30, 20)}, [(0, 1), (1, 2)])
    assert len({round(x, 6) for x, _ in layout.centres.values()}) == 1
    assert [y for _, y in layout.centres.values()] == [10, 10 + 64, 10 + 2 * 64]


def test_an_input_stands_just_above_the_step_that_reads_it():
    """0 and 3 are inputs; 3 is first read at the bottom of the chain 0, 1, 2, 4."""
    layout = lay_out(dict.fromkeys(range(5), (50.0, 20.0)), [(0, 1), (1, 2), (2, 4), (3, 4)])
    assert layout.centres[3][1] == layout.centres[2][1]


def test_an_arrow_over_three_layers_has_a_lane_of_its_own():
    layout = lay_out(dict.fromkeys(range(4), (50.0, 20.0)), [(0, 1), (1, 2), (2, 3), (0, 3)])
    assert len(layout.routes[0, 3]) == 2 + 2 * 2
    assert len(layout.routes[0, 1]) == 2


def test_neighbours_keep_their_distance():
    layout = lay_out({0: (50, 20), 1: (100, 20), 2: (50, 20)}, [(0, 2), (1, 2)], Spacing(across=30))
    assert abs(layout.centres[0][0] - layout.centres[1][0]) == pytest.approx(25 + 30 + 50)


def test_no_box_is_no_size():
    assert lay_out({}, []) == Layout({}, {}, 0.0, 0.0)
