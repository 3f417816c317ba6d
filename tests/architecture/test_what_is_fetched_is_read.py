"""A column that a loop has fetched ahead is read by that loop, or by what it calls.

That a table has it is checked where it is compiled. Columns go by their names here, of any table.
"""

import ast
from collections.abc import Iterable

from tests.architecture.checkout import parsed, python_files


def called(node: ast.AST) -> str:
    function = getattr(node, "func", None)
    return str(getattr(function, "id", getattr(function, "attr", "")))


def in_vain(trees: Iterable[ast.Module]) -> set[tuple[str, str]]:
    """(function, column) of what is fetched and not read.

    What a function named `fetch...` has fetched, those read who call it.
    """
    of: dict[tuple[int, str], list[ast.AST]] = {
        (file, node.name): list(ast.walk(node))
        for file, tree in enumerate(trees)
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
    }
    soon, fetched, calls = {}, {}, {}
    for place, nodes in of.items():
        soon[place] = [n for n in nodes if isinstance(n, ast.Call) and called(n) == "soon"]
        fetched[place] = {ast.literal_eval(n.args[2]) for n in soon[place] if n.args[2:]}
        names = set(map(called, nodes))
        own = {(place[0], name) for name in names} & of.keys()
        names -= {name for _, name in own}
        calls[place] = own | {p for p in of if p[1] in names and not p[1].startswith("_")}

    def read(place: tuple[int, str]) -> set[str]:
        seen, left = {place}, [place]
        while left:
            new = calls[left.pop()] - seen
            seen, left = seen | new, left + list(new)
        # what has to be read to know what to fetch does not count
        apart = {id(n) for one in seen for call in soon[one] for n in ast.walk(call)}
        nodes = (n for one in seen for n in of[one] if id(n) not in apart)
        # `values` are the parameters of a rule, some of which are named after columns
        found = (n for n in nodes if isinstance(n, ast.Attribute))
        return {n.attr for n in found if ast.unparse(n.value) != "values"}

    def unread(place: tuple[int, str], columns: set[str]) -> set[str]:
        if not place[1].startswith("fetch"):
            return columns - read(place)
        callers = [one for one in of if place in calls[one]]
        return set().union(*(unread(one, columns) for one in callers)) if callers else columns

    assert any(fetched.values())
    return {(place[1], column) for place in of for column in unread(place, fetched[place])}


def test_what_is_fetched_ahead_is_read() -> None:
    assert in_vain(map(parsed, python_files("src"))) == set()


def test_the_check_sees_what_is_fetched_in_vain() -> None:
    own = """
def fetch_both(orgs, i):
    soon(orgs, i, "kind"), soon(orgs, i, "level"), soon(orgs, orgs[i].first, "staff")
def alike(org):
    return org.kind
def loop(orgs, posts):
    fetch_both(orgs, 1)
    soon(posts, 1, "filled"), soon(orgs, 1, "first")
    return alike(orgs[1]) + other(orgs[1]) + _hidden(posts[1])
"""
    others = "def other(org): return org.staff\ndef _hidden(post): return post.filled"
    # `_hidden` is a function of another file, and the place of a first post was read to fetch
    found = {("fetch_both", "level"), ("loop", "filled"), ("loop", "first")}
    assert in_vain(map(ast.parse, (own, others))) == found
