"""The handbook of an invented REST API: every endpoint under a heading of its own, among prose and examples.

What misleads stands in it too: paths of a version that is gone, and endpoints mentioned in passing.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

# (plural, singular, what it is, its fields)
RESOURCES = (
    (
        "trees",
        "tree",
        "A tree is planted once and tended for long",
        "species, planted_on, plot_id, health",
    ),
    ("plots", "plot", "A plot is a piece of land with its own soil and slope", "area_m2, soil, slope, owner"),
    (
        "harvests",
        "harvest",
        "A harvest is what was picked on one day",
        "picked_on, weight_kg, grade",
    ),
    ("crews", "crew", "A crew is a group of people who work together", "name, lead_id, size, languages"),
    ("shifts", "shift", "A shift is the time that one crew works", "crew_id, starts_at, ends_at, plot_id"),
    (
        "crates",
        "crate",
        "A crate holds part of a harvest until it is sold",
        "harvest_id, cellar_id",
    ),
    ("cellars", "cellar", "A cellar keeps crates cool", "temperature_c, humidity, capacity"),
    ("orders", "order", "An order is what a customer wants of us", "customer_id, lines, due_on, state"),
    ("customers", "customer", "A customer buys by the crate", "name, address, credit_limit, language"),
    ("invoices", "invoice", "An invoice asks for the money of one order", "order_id, total, due_on, paid_on"),
    ("deliveries", "delivery", "A delivery brings crates to a customer", "order_id, truck_id, leaves_at"),
    ("trucks", "truck", "A truck has a plate, a driver, and room for crates", "plate, driver, crates"),
    ("sensors", "sensor", "A sensor measures one thing in one place", "kind, plot_id, battery"),
    ("alerts", "alert", "An alert says that a measured value left its bounds", "sensor_id, value, raised_at"),
)
# (heading, method, path below the resource, what it does)
USUAL = (
    ("List {plural}", "GET", "", "returns {plural}, the newest first, fifty at a time"),
    ("Create a {singular}", "POST", "", "creates a {singular} and returns it with its id"),
    ("Get a {singular}", "GET", "/{{{singular}_id}}", "returns one {singular}"),
    ("Change a {singular}", "PATCH", "/{{{singular}_id}}", "changes the fields that are sent, and no others"),
)
SPECIAL = {
    "trees": (("Prune a tree", "POST", "/{tree_id}/prunings", "records that a tree was pruned"),),
    "plots": (("Map a plot", "GET", "/{plot_id}/map", "returns the outline of a plot as GeoJSON"),),
    "orders": (
        ("Cancel an order", "POST", "/{order_id}/cancel", "cancels an order that has not left"),
        ("Follow an order", "GET", "/{order_id}/events", "streams what happens to an order"),
    ),
    "invoices": (("Remind of an invoice", "POST", "/{invoice_id}/reminders", "sends a reminder by mail"),),
    "sensors": (
        ("Read a sensor", "GET", "/{sensor_id}/readings", "returns readings between two moments"),
        ("Remove a sensor", "DELETE", "/{sensor_id}", "forgets a sensor and keeps its readings"),
    ),
    "alerts": (("Silence an alert", "POST", "/{alert_id}/silence", "silences an alert for some hours"),),
    "crates": (("Move a crate", "POST", "/{crate_id}/move", "moves a crate to another cellar"),),
    "trucks": (("Locate a truck", "GET", "/{truck_id}/position", "returns where a truck is now"),),
}
ERRORS = (
    ("400", "malformed_request", "the body is not JSON, or a field has the wrong type: the answer names it"),
    ("401", "token_missing", "the Authorization header is missing"),
    ("403", "scope_missing", "the token lacks the scope that the answer names"),
    ("404", "not_found", "nothing has this id, or the token may not know of it"),
    ("409", "changed_meanwhile", "somebody changed it first: get it again and send the change anew"),
    ("422", "rule_broken", "the values contradict each other: the answer says which"),
    ("429", "too_many_requests", "wait as many seconds as the Retry-After header says"),
)
REMARKS = (
    "The answer is never cached for longer than a minute.",
    "Times are in UTC and end in Z.",
    "A field that is null is left out of the answer.",
    "Ask for fewer fields with the parameter `fields`, separated by commas.",
    "Two requests with the same Idempotency-Key within a day have the same effect as one.",
    "What is returned is sorted by `created_at` unless `sort` says otherwise.",
    "The limit of the plan counts every call, also those that fail.",
    "Weights are in kilograms with at most three decimals.",
    "An id is opaque: don't read anything into its letters.",
)
DESIGN = (
    "Every change is a request that can be sent twice without harm.",
    "An error says what was wrong, where, and what to do about it.",
    "Nothing is deleted that another record still points to.",
    "A list is always paged, and the next page is a link and not a number.",
)


def pieces(random: Random, _size: int, truth: dict[str, Any]) -> Iterator[str]:
    """The handbook, section by section; `truth` is filled with every endpoint that is really in it."""
    endpoints: list[str] = []
    yield "# Orchard API: the handbook\n\nVersion 2.\n\n"
    yield "Orchard keeps the books of a fruit farm, from the planted tree to the paid invoice. This handbook "
    yield "lists what can be asked of it.\n\n## How it is made\n\n"
    for sentence in DESIGN:
        yield f"- {sentence}\n"
    yield "\n## Before you begin\n\nEvery call has the header `Authorization: Bearer TOKEN`. The address is "
    yield "`https://api.orchard.example`. Version 1 was switched off in 2024: a path that begins with `/v1` "
    yield "is answered with 410 and nothing else.\n\n"
    for plural, singular, what, fields in RESOURCES:
        yield f"## {plural.capitalize()}\n\n{what}. Its fields are {fields}, and `id`, `created_at`, "
        yield f"`changed_at` as everywhere. {random.choice(REMARKS)}\n\n"
        names = {"plural": plural, "singular": singular}
        own = [
            (heading.format(**names), method, path.format(**names), does.format(**names))
            for heading, method, path, does in USUAL
        ]
        for heading, method, path, does in (*own, *SPECIAL.get(plural, ())):
            address = f"/v2/{plural}{path}"
            endpoints.append(f"{method} {address}")
            yield _endpoint(random, heading, method, address, does, plural, endpoints)
    yield "## Errors\n\nThe same everywhere:\n\n"
    for code, name, meaning in ERRORS:
        yield f"- **{code} {name}**: {meaning}.\n"
    yield "\n## What was changed\n\nFrom version 1 `GET /v1/trees/search`, `POST /v1/orders/bulk` and "
    yield "`DELETE /v1/customers/{id}` are gone, and nothing has taken their place.\n"
    truth["truths"] = [
        {"task": "api-endpoints", "inputs": {}, "outputs": {"api_endpoints": sorted(endpoints)}},
        {
            "task": "custom-tool",
            "inputs": {},
            "outputs": {"headers": [{"holds": "How it is made"}, {"holds": "Follow an order"}]},
        },
    ]


def _endpoint(
    random: Random, heading: str, method: str, address: str, does: str, plural: str, known: list[str]
) -> str:
    remarks = random.sample(REMARKS, random.randint(2, 4))
    lines = [f"### {heading}\n", f"`{method} {address}`\n", f"It {does}. {' '.join(remarks)}\n"]
    if random.random() < 0.35:
        lines.append(f"Until 2024 this was `{method} {address.replace('/v2/', '/v1/')}`, which is gone.\n")
    if len(known) > 4 and random.random() < 0.4:
        lines.append(f"Often called after `{random.choice(known[:-1])}`.\n")
    example = address.replace("{", "").replace("}", "").replace("_id", f"-{random.randint(100, 999)}")
    if random.random() < 0.6:
        option = "" if method == "GET" else f" -X {method}"
        lines.append(f"```\ncurl{option} https://api.orchard.example{example}\n```\n")
    codes = sorted(random.sample(ERRORS, random.randint(2, 4)))
    lines.append("It may answer " + ", ".join(f"{code} `{name}`" for code, name, _ in codes) + ".\n")
    if method in ("POST", "PATCH"):
        lines.append(f"The body is JSON with the fields of {plural}; unknown ones are refused.\n")
    return "\n".join(lines) + "\n"
