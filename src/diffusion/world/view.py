"""Views of rows: objects that hold the number of their row and nothing else.

Each access goes through `model.state`, because tables are replaced when they grow. A column whose
value follows from other tables can be read only; every other write is checked against its bounds.
"""

from collections.abc import Callable, Iterable, Sequence
from math import inf, isfinite
from numbers import Real
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, Self, TypeVar, overload

from diffusion.base.errors import ExtensionError, SettingError, nearest
from diffusion.base.start_method import kept_start_method
from diffusion.world import vocabulary
from diffusion.world.state import State

with kept_start_method():
    import mesa

if TYPE_CHECKING:
    from diffusion.world.cooperation import CooperationNetwork, Funder, PolicyMaker
    from diffusion.world.organisation import Organisation

T = TypeVar("T")


class Host(Protocol):
    """What views ask of their model: the state, and each other by row."""

    @property
    def state(self) -> State: ...
    @property
    def month(self) -> int: ...
    @property
    def organisations(self) -> "Sequence[Organisation]": ...
    @property
    def networks(self) -> "Sequence[CooperationNetwork]": ...
    @property
    def funders(self) -> "Sequence[Funder]": ...
    @property
    def policy_makers(self) -> "Sequence[PolicyMaker]": ...

    def state_changed(self) -> None:
        """Forget what was derived from the state."""


class Row:
    """A row of one of the state's tables; `table` names it, `row` counts from 0."""

    table: ClassVar[str]
    model: Host
    row: int

    def _cell(self, column: str) -> Any:
        return getattr(getattr(self.model.state, self.table), column)[self.row]

    def _write(self, column: str, value: object) -> None:
        getattr(getattr(self.model.state, self.table), column)[self.row] = value
        self.model.state_changed()


class LightView(Row):
    """A row that is no agent (a post, a grant line); equal if it is the same row."""

    def __init__(self, model: Host, row: int) -> None:
        self.model = model
        self.row = row

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other.__dict__ == self.__dict__

    def __hash__(self) -> int:
        return hash((type(self), self.row))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.row})"


class AgentView(Row, mesa.Agent):  # type: ignore[misc]
    """A Mesa agent that is a row."""

    def __init__(self, model: Host, row: int) -> None:
        self.row = row
        super().__init__(model)

    @property
    def name(self) -> str:
        raise NotImplementedError

    def remove(self) -> None:
        """Refuse: rows never move or vanish, so the simulation would go on with it.

        Raises:
            ExtensionError: always; `Model.remove_all_agents` lets go of all views at once.
        """
        raise ExtensionError(
            f"{self!r} is a row of the state and can't be removed from a running model; "
            f"change what it does instead (drop its practices, cut its trust, close its posts)"
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.row}, {self.name!r})"


class Column(Generic[T]):
    """An attribute of a view that is one cell of its table (of the attribute's name)."""

    def __init__(
        self,
        doc: str,
        decode: Callable[[State, Any], T],
        encode: Callable[[State, str, Any], object] | None = None,
    ) -> None:
        self.__doc__ = doc
        self._decode = decode
        self._encode = encode

    def __set_name__(self, owner: type, name: str) -> None:
        self._column = name

    @overload
    def __get__(self, view: None, owner: type) -> Self: ...
    @overload
    def __get__(self, view: Row, owner: type) -> T: ...
    def __get__(self, view: Row | None, owner: type) -> Self | T:
        if view is None:
            return self
        return self._decode(view.model.state, view._cell(self._column))

    def __set__(self, view: Row, value: T) -> None:
        if self._encode is None:
            raise AttributeError(f"{self._column} follows from other tables and can only be read")
        view._write(self._column, self._encode(view.model.state, self._column, value))


def number(doc: str, low: float = 0.0, high: float = inf) -> Column[float]:
    """A real number on low..high that can be written."""
    return Column(doc, lambda _, cell: float(cell), _within(low, high, float, "a number"))


def whole(doc: str, low: int = 0, high: float = inf) -> Column[int]:
    """A whole number on low..high that can be written."""
    return Column(doc, lambda _, cell: int(cell), _within(low, high, int, "a whole number"))


def flag(doc: str) -> Column[bool]:
    """Yes or no, and can be written."""
    return Column(doc, lambda _, cell: bool(cell), lambda _, __, value: int(bool(value)))


def derived(doc: str) -> Column[int]:
    """A whole number that can only be read."""
    return Column(doc, lambda _, cell: int(cell))


def derived_number(doc: str) -> Column[float]:
    """A real number that can only be read."""
    return Column(doc, lambda _, cell: float(cell))


def derived_flag(doc: str) -> Column[bool]:
    """Yes or no, and can only be read."""
    return Column(doc, lambda _, cell: bool(cell))


def word(doc: str, words: Sequence[str], writable: bool = False) -> Column[str]:
    """A word of a closed vocabulary."""
    encode = (lambda _, __, value: vocabulary.index(words, value)) if writable else None
    return Column(doc, lambda _, cell: words[int(cell)], encode)


def word_set(doc: str, words: Sequence[str], writable: bool = False) -> Column[tuple[str, ...]]:
    """Several words of a closed vocabulary, sorted."""
    encode = (lambda _, __, value: vocabulary.mask(words, value)) if writable else None
    return Column(doc, lambda _, cell: _labels(words, cell), encode)


def practice_set(doc: str, writable: bool = False) -> Column[tuple[str, ...]]:
    """Ids of practices, sorted."""
    encode = (lambda state, _, value: practice_mask(state, value)) if writable else None
    return Column(doc, practice_ids, encode)


def practice_ids(state: State, mask: int) -> tuple[str, ...]:
    """The sorted ids of the practices in a mask."""
    return _labels(state.names.practices, mask)


def practice_index(state: State, practice: str) -> int:
    """The bit of a practice.

    Raises:
        SettingError: no practice of this world has that id.
    """
    try:
        return state.names.practices.index(practice)
    except ValueError:
        raise SettingError(
            f"'{practice}' is no practice of this world{nearest(practice, state.names.practices)}"
        ) from None


def practice_mask(state: State, practices: Iterable[str]) -> int:
    """The mask of several practices, given by their ids."""
    result = 0
    for practice in practices:
        result |= 1 << practice_index(state, practice)
    return result


def _labels(labels: Sequence[str], mask: int) -> tuple[str, ...]:
    bits = int(mask)
    return tuple(sorted(label for i, label in enumerate(labels) if bits >> i & 1))


def _within(
    low: float, high: float, kind: Callable[[Any], float], noun: str
) -> Callable[[State, str, Any], float]:
    def encode(_: State, column: str, value: Any) -> float:
        fits = isinstance(value, Real) and isfinite(value) and low <= float(value) <= high
        if not (fits and float(kind(value)) == float(value)):
            bounds = f"of at least {low:g}" if high == inf else f"from {low:g} to {high:g}"
            raise SettingError(f"{column} = {value!r} is not allowed; give {noun} {bounds}")
        return kind(value)

    return encode
