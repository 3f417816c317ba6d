"""When an intervention acts: from one month to another, once or several times."""

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, RootModel, model_validator


class Window(BaseModel):
    """Months in which it acts: from the first up to, but not including, the last."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    start: int = Field(alias="from", ge=0, description="first month in which it acts")
    until: int = Field(ge=1, description="month in which it has ended")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.until <= self.start:
            raise ValueError(
                f"the window ends (until = {self.until}) before it starts (from = {self.start}): "
                f"until must be later than from"
            )
        return self

    @property
    def months(self) -> int:
        """How many months it has."""
        return self.until - self.start

    def __contains__(self, month: int) -> bool:
        return self.start <= month < self.until

    def before(self, month: int) -> int:
        """How many of its months lie before a month."""
        return min(max(month - self.start, 0), self.months)

    def words(self) -> str:
        """`from month 24 to month 60`."""
        return f"from month {self.start} to month {self.until}"


class Windows(RootModel[tuple[Window, ...]]):
    """Several windows of one intervention, one after the other; read like a single window."""

    model_config = ConfigDict(frozen=True)

    root: tuple[Window, ...]

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.root:
            raise ValueError("a list of windows needs at least one, as in [{from: 24, until: 36}]")
        for k in range(1, len(self.root)):
            before, after = self.root[k - 1 : k + 1]
            if after.start < before.until:
                raise ValueError(
                    f"windows of one intervention must follow one another: one starts in month "
                    f"{after.start}, but that before it ends in month {before.until}; put them in "
                    f"order and apart"
                )
        return self

    @property
    def start(self) -> int:
        """First month in which it acts."""
        return self.root[0].start

    @property
    def until(self) -> int:
        """Month in which it has ended for good."""
        return self.root[-1].until

    @property
    def months(self) -> int:
        """How many months it has, pauses left out."""
        return sum(window.months for window in self.root)

    def __contains__(self, month: int) -> bool:
        return any(month in window for window in self.root)

    def before(self, month: int) -> int:
        """How many of its months lie before a month."""
        return sum(window.before(month) for window in self.root)

    def words(self) -> str:
        """`from month 24 to month 36 and from month 48 to month 60`."""
        return " and ".join(window.words() for window in self.root)
