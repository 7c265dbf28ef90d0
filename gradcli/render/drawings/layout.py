"""Where the boxes of a graph stand: layers from top to bottom, few crossings, straight long arrows.

After Sugiyama, Tagawa, Toda (1981), Methods for Visual Understanding of Hierarchical System Structures: an arrow that
passes a layer gets a place in it, an empty node, so that it never runs through a box.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

_SWEEPS = 12
_MOVES = 16
_STRAIGHT = 6.0
"""How much more it counts that an arrow through a layer is straight than that a box stands above its operand."""

Size = tuple[float, float]
Point = tuple[float, float]


@dataclass(frozen=True)
class Spacing:
    """Distances in the unit of the sizes: between neighbours in a layer, between layers, between passing arrows."""

    across: float = 28.0
    down: float = 44.0
    lane: float = 8.0


@dataclass(frozen=True)
class Layout:
    """The centre of each node, the points of each edge from top to bottom, and the size of the whole."""

    centres: Mapping[int, Point]
    routes: Mapping[tuple[int, int], tuple[Point, ...]]
    width: float
    height: float


@dataclass(frozen=True)
class _Row:
    """The room of one layer."""

    top: float
    bottom: float

    @property
    def middle(self) -> float:
        return (self.top + self.bottom) / 2


@dataclass
class _Layers:
    """Nodes and empty nodes by layer. Empty nodes have negative numbers."""

    rows: list[list[int]]
    above: dict[int, list[int]] = field(default_factory=dict)
    below: dict[int, list[int]] = field(default_factory=dict)
    chains: dict[tuple[int, int], list[int]] = field(default_factory=dict)

    def join(self, upper: int, lower: int) -> None:
        self.below[upper].append(lower)
        self.above[lower].append(upper)


def lay_out(sizes: Mapping[int, Size], edges: Sequence[tuple[int, int]], spacing: Spacing = Spacing()) -> Layout:
    """A place for each node; an edge (a, b) goes from a down to b, and a must come before b in `sizes`."""
    layers = _layered(list(sizes), edges)
    _uncross(layers)
    widths = {node: sizes[node][0] if node >= 0 else spacing.lane for row in layers.rows for node in row}
    across = _placed(layers, widths, spacing)
    rows, height = _levels(layers, sizes, spacing)
    row_of = {node: row for row, nodes in zip(rows, layers.rows, strict=True) for node in nodes}
    centres = {node: (across[node], row_of[node].middle) for node in sizes}
    boxes = {node: sizes[node][0] for node in sizes}
    starts, ends = _ports(layers.below, across, boxes), _ports(layers.above, across, boxes)
    routes = {}
    for (start, end), chain in layers.chains.items():
        first, last = (chain[0], chain[-1]) if chain else (end, start)
        left, entered = starts[start, first], ends[end, last]
        points = [(left, centres[start][1] + sizes[start][1] / 2), (left, row_of[start].bottom)]
        for lane in chain:
            points += [(across[lane], row_of[lane].top), (across[lane], row_of[lane].bottom)]
        points += [(entered, row_of[end].top), (entered, centres[end][1] - sizes[end][1] / 2)]
        routes[start, end] = tuple(dict.fromkeys(points))
    width = max((across[node] + widths[node] / 2 for node in across), default=0.0)
    return Layout(centres, routes, width, height)


def _layered(nodes: Sequence[int], edges: Sequence[tuple[int, int]]) -> _Layers:
    """Each node below the longest path that leads to it, and a node that nothing leads to just above its first user."""
    parents: dict[int, list[int]] = {node: [] for node in nodes}
    users: dict[int, list[int]] = {node: [] for node in nodes}
    for start, end in edges:
        parents[end].append(start)
        users[start].append(end)
    level: dict[int, int] = {}
    for node in nodes:
        level[node] = 1 + max((level[parent] for parent in parents[node]), default=-1)
    for node in nodes:
        if not parents[node] and users[node]:
            level[node] = min(level[user] for user in users[node]) - 1
    layers = _Layers([[] for _ in range(1 + max(level.values(), default=-1))])
    for node in nodes:
        layers.rows[level[node]].append(node)
        layers.above[node], layers.below[node] = [], []
    lane = -1
    for start, end in edges:
        chain = []
        previous = start
        for row in range(level[start] + 1, level[end]):
            layers.rows[row].append(lane)
            layers.above[lane], layers.below[lane] = [], []
            layers.join(previous, lane)
            chain.append(lane)
            previous, lane = lane, lane - 1
        layers.join(previous, end)
        layers.chains[start, end] = chain
    return layers


def _uncross(layers: _Layers) -> None:
    """Sweeps down and up, each row in the order of the mean place of its neighbours; the best order seen is kept."""
    best, fewest = [list(row) for row in layers.rows], _crossings(layers)
    for sweep in range(_SWEEPS):
        if fewest == 0:
            break
        down = sweep % 2 == 0
        neighbours = layers.above if down else layers.below
        place = _places(layers)
        for row in layers.rows if down else layers.rows[::-1]:
            _sort_by_neighbours(row, neighbours, place)
        if (found := _crossings(layers)) < fewest:
            best, fewest = [list(row) for row in layers.rows], found
    layers.rows[:] = best


def _sort_by_neighbours(row: list[int], neighbours: Mapping[int, Sequence[int]], place: dict[int, int]) -> None:
    def mean(node: int) -> float:
        near = neighbours[node]
        return sum(place[other] for other in near) / len(near) if near else place[node]

    row.sort(key=mean)
    place.update({node: number for number, node in enumerate(row)})


def _places(layers: _Layers) -> dict[int, int]:
    return {node: place for row in layers.rows for place, node in enumerate(row)}


def _crossings(layers: _Layers) -> int:
    """How many pairs of arrows between neighbouring rows cross."""
    place = _places(layers)
    total = 0
    for row in layers.rows[:-1]:
        seen: list[int] = []
        for node in row:
            ends = sorted(place[other] for other in layers.below[node])
            total += sum(len(seen) - bisect_right(seen, end) for end in ends)
            for end in ends:
                insort(seen, end)
    return total


def _placed(layers: _Layers, widths: Mapping[int, float], spacing: Spacing) -> dict[int, float]:
    """The middle of each node: near the mean of its neighbours, at its distance from the others of its row."""
    across: dict[int, float] = {}
    for row in layers.rows:
        across.update(_apart(row, dict.fromkeys(row, 0.0), widths, spacing))
    for move in range(_MOVES):
        down = move % 2 == 0
        settling = move >= _MOVES - 4  # at last each is drawn to both sides, which straightens long arrows
        for row in layers.rows if down else layers.rows[::-1]:
            sides = (layers.above, layers.below) if settling else (layers.above if down else layers.below,)
            wanted = {node: _drawn_to(node, sides, across) for node in row}
            across.update(_apart(row, wanted, widths, spacing))
    left = min((across[node] - widths[node] / 2 for node in across), default=0.0)
    return {node: place - left for node, place in across.items()}


def _apart(
    row: Sequence[int], wanted: Mapping[int, float], widths: Mapping[int, float], spacing: Spacing
) -> dict[int, float]:
    """The places nearest to the wanted ones, by squares, that keep the order and the distances: pooled neighbours."""
    offsets: list[float] = []
    for number, node in enumerate(row):
        before = row[number - 1] if number else node
        gap = spacing.lane if before < 0 and node < 0 else spacing.across
        step = widths[before] / 2 + gap + widths[node] / 2 if number else 0.0
        offsets.append((offsets[-1] if offsets else 0.0) + step)
    pools: list[tuple[float, float, int]] = []  # sum of weighted places, weight, nodes
    for node, offset in zip(row, offsets, strict=True):
        weight = 1.0 if node >= 0 else _STRAIGHT
        pools.append((weight * (wanted[node] - offset), weight, 1))
        while len(pools) > 1 and pools[-2][0] / pools[-2][1] > pools[-1][0] / pools[-1][1]:
            (last_sum, last_weight, last), (total, held, count) = pools.pop(), pools.pop()
            pools.append((total + last_sum, held + last_weight, count + last))
    starts = [total / weight for total, weight, count in pools for _ in range(count)]
    return {node: start + offset for node, start, offset in zip(row, starts, offsets, strict=True)}


def _drawn_to(node: int, sides: Sequence[Mapping[int, Sequence[int]]], across: Mapping[int, float]) -> float:
    """The mean place of the neighbours on these sides; two empty nodes of one long arrow hold together most."""
    total = held = 0.0
    for neighbours in sides:
        for other in neighbours[node]:
            weight = _STRAIGHT if node < 0 and other < 0 else 1.0
            total, held = total + weight * across[other], held + weight
    return total / held if held else across[node]


def _levels(layers: _Layers, sizes: Mapping[int, Size], spacing: Spacing) -> tuple[list[_Row], float]:
    """Where each row is, as high as its highest box, and the height of all."""
    rows = []
    top = 0.0
    for row in layers.rows:
        tall = max((sizes[node][1] for node in row if node >= 0), default=0.0)
        rows.append(_Row(top, top + tall))
        top += tall + spacing.down
    return rows, max(0.0, top - spacing.down)


def _ports(
    neighbours: Mapping[int, Sequence[int]], across: Mapping[int, float], widths: Mapping[int, float]
) -> dict[tuple[int, int], float]:
    """Where each edge leaves or enters a box: spread over the middle of its side, in the order of the other ends."""
    found = {}
    for node, width in widths.items():
        others = sorted(neighbours[node], key=lambda other: across[other])
        count = len(neighbours[node])
        for number, other in enumerate(others):
            found[node, other] = across[node] + width * 0.5 * ((number + 0.5) / count - 0.5)
    return found
