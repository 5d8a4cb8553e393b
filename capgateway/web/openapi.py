"""``GET /openapi.json``: the API in OpenAPI 3.1, made of what is written at each route and of the types that are encoded there."""

from __future__ import annotations

import inspect
import re
from functools import cache
from http import HTTPStatus
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, get_origin

import msgspec
import msgspec.inspect
from aiohttp import web

from capgateway.web import guard, problems, query
from capgateway.web.answer import as_json
from capgateway.web.told import JSON, XML, tells, told

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from capgateway.web.told import Told

VERSION = "3.1.0"
TEMPLATE = "#/components/schemas/{name}"
WORD = {"type": "string", "minLength": 1, "maxLength": query.LONGEST_WORD, "pattern": r"^[^\x00-\x1f\x7f-\x9f]*$"}
MOMENT = {"type": "string", "format": "date-time"}
ALWAYS = (400, 401, 403, 415, 421, 429, 500, 503)
"""What any route may refuse: a parameter or a header, a token, a packed body, another host's name, too many wrong tokens; and what
goes wrong here."""
REFUSALS = (*ALWAYS, 404, 408, 409, 410, 413, 422)
REFUSAL = "#/components/responses/Problem{status}"
_ROLE = re.compile(r":\w+:`~?(?:[\w.]*\.)?(\w+)`")

routes = web.RouteTableDef()


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """What was wrong (RFC 9457): ``detail`` is a sentence for people. Some problems have more members, such as ``findings``."""

    type: str
    title: str
    status: int
    detail: str


@routes.get("/openapi.json")
@guard.unguarded
@tells(dict[str, Any])
async def openapi(request: web.Request) -> web.Response:
    """This description."""
    return as_json(document(request.app.router))


def document(router: web.UrlDispatcher) -> dict[str, Any]:
    """The description of every route that says what it answers."""
    return _document(tuple(described(router)))


def described(router: web.UrlDispatcher) -> Iterator[tuple[str, str, Any]]:
    """Path, method and handler of these routes, but for the heads of others."""
    for route in router.routes():
        if route.resource is not None and route.method != "HEAD" and told(route.handler) is not None:
            yield route.resource.canonical, route.method, route.handler


@cache
def _document(known: tuple[tuple[str, str, Any], ...]) -> dict[str, Any]:
    schemas, references = _schemas([one for _, _, page in known if (one := told(page))])
    paths: dict[str, dict[str, Any]] = {}
    for path, method, page in known:
        one = told(page)
        assert one is not None  # noqa: S101  (these are described)
        paths.setdefault(path, {})[method.lower()] = _operation(path, method, page, one, references)
    return {
        "openapi": VERSION,
        "info": {
            "title": "capgateway",
            "version": version("capgateway"),
            "summary": "AMBER Alerts from government CAP feeds, delivered as signed webhooks.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": {f"Problem{status}": _refusal(status, references) for status in REFUSALS},
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A token of `[[tokens]]`. Without any in the configuration none is needed, on the gateway's machine.",
                }
            },
        },
    }


def _schemas(every: list[Told]) -> tuple[dict[str, Any], dict[Any, dict[str, Any]]]:
    """The schemas of all types, and how each is referred to. What is answered has all its fields, and needs no defaults; what is
    taken may lack those that have one."""
    answers = list(dict.fromkeys(kind for one in every for kind in kinds(one)))
    taken = list(dict.fromkeys(one.takes for one in every if one.takes))
    found, schemas = msgspec.json.schema_components([Problem, *answers], ref_template=TEMPLATE)
    brief = {kind.__name__ for kind in _structs(answers) if kind.__struct_config__.omit_defaults}
    for name, schema in schemas.items():
        _complete(schema, is_brief=name.rpartition(".")[2] in brief)
    asked, more = msgspec.json.schema_components(taken, ref_template=TEMPLATE)
    references = dict(zip([Problem, *answers, *taken], map(_plain, [*found, *asked]), strict=True))
    return {_short(name): _plain(schema) for name, schema in (schemas | more).items()}, references


def _complete(schema: dict[str, Any], *, is_brief: bool) -> None:
    """What is answered says which fields are always there: all but those that may be unset, and of a brief type those without a
    default."""
    fields, required = schema.get("properties", {}), schema.get("required", ())
    always = [name for name, field in fields.items() if name in required or ("default" in field and not is_brief)]
    for field in fields.values():
        field.pop("default", None)
    if always:
        schema["required"] = always


def _structs(types: Iterable[Any]) -> set[type[msgspec.Struct]]:
    """The types with fields among these, and within them."""
    left: list[Any] = [*msgspec.inspect.multi_type_info(types)]
    found, seen = set[type[msgspec.Struct]](), set[Any]()
    while left:
        one = left.pop()
        if isinstance(one, msgspec.inspect.StructType):
            left += [field.type for field in one.fields] if one.cls not in seen else []
            seen.add(one.cls)
            found.add(get_origin(one.cls) or one.cls)
        else:
            left += [getattr(one, name) for name in ("item_type", "value_type") if hasattr(one, name)]
            left += [*getattr(one, "types", ()), *getattr(one, "item_types", ())]
    return found


def kinds(one: Told) -> tuple[Any, ...]:
    """The types of its answers."""
    several = one.answers if isinstance(one.answers, tuple) else (one.answers,)
    return tuple(kind for kind in several if kind is not None)


def _short(name: str) -> str:
    """The name of a schema, with that of its module where two types have the same."""
    *_, module, kind = f".{name}".split(".")
    return f"{module.capitalize()}{kind}"


def _plain(found: Any) -> Any:
    """A schema with short names, and descriptions as Markdown has them, in one paragraph."""
    if isinstance(found, list):
        return [_plain(each) for each in found]
    if not isinstance(found, dict):
        return found
    if isinstance(found.get("$ref"), str):
        return found | {"$ref": TEMPLATE.format(name=_short(found["$ref"].rpartition("/")[2]))}
    first, *others = found.get("prefixItems") or [None]
    if first is not None and all(one == first for one in others):  # so many of one kind, as in a bbox
        found = {name: each for name, each in found.items() if name != "prefixItems"} | {"items": first}
    if isinstance(found.get("description"), str):
        found = {**found, "description": _markdown(found["description"])}
    return {name: _plain(each) for name, each in found.items()}


def _markdown(text: str) -> str:
    return _ROLE.sub(r"`\1`", " ".join(text.split())).replace("``", "`")


def _refusal(status: int, references: Mapping[Any, Any]) -> dict[str, Any]:
    content = {problems.MEDIA_TYPE: {"schema": references[Problem]}}
    return {"description": HTTPStatus(status).phrase, "content": content}


def _operation(path: str, method: str, page: Any, one: Told, references: Mapping[Any, Any]) -> dict[str, Any]:
    summary = _markdown(inspect.getdoc(page) or "")
    wanted = () if path in guard.OPEN else guard.needed(page, method)
    made: dict[str, Any] = {
        "operationId": f"{page.__module__.rpartition('.')[2]}_{page.__name__}",
        "summary": summary.partition(". ")[0].rstrip("."),
        "description": summary,
        "security": [{"token": [scope]} for scope in wanted],
        "parameters": list(_parameters(path, one)),
        "responses": {str(one.status): _answer(one, references)} | _refusals(path, method, one),
    }
    if one.takes is not None:
        is_needed = any(field.required for field in msgspec.structs.fields(one.takes))
        made["requestBody"] = {"required": is_needed, "content": {JSON: {"schema": references[one.takes]}}}
    if one.takes_xml:
        made["requestBody"] = {"required": True, "content": {XML: {"schema": {"type": "string"}}}}
    return made


def _parameters(path: str, one: Told) -> Iterator[dict[str, Any]]:
    for name in re.findall(r"{(\w+)}", path):
        yield {"name": name, "in": "path", "required": True, "schema": WORD}
    for name, schema in one.query.items():
        yield {"name": name, "in": "query", "required": name == "at", "schema": dict(schema)}
    if one.filters is None:
        return
    limit = {"type": "integer", "minimum": 1, "maximum": query.LARGEST_PAGE, "default": query.USUAL_PAGE}
    yield {"name": "limit", "in": "query", "schema": limit, "description": "How many items at most."}
    after = "Where the page begins: the `next` of an earlier one."
    yield {"name": "after", "in": "query", "schema": WORD, "description": after}
    for name, words in one.filters.items():
        schema = {"enum": list(words)} if words else MOMENT if name == "since" else WORD
        yield {"name": name, "in": "query", "schema": schema}


def _answer(one: Told, references: Mapping[Any, Any]) -> dict[str, Any]:
    found = [references[kind] for kind in kinds(one)]
    schema = found[0] if len(found) == 1 else {"anyOf": found}
    content = {one.media: {"schema": schema} if found else {}}
    return {"description": HTTPStatus(one.status).phrase, "content": content}


def _refusals(path: str, method: str, one: Told) -> dict[str, Any]:
    statuses = {*ALWAYS, *one.refuses}
    statuses |= {404} if "{" in path or one.takes or one.takes_xml else set()
    statuses |= {408, 413} if method == "POST" else set()
    return {str(status): {"$ref": REFUSAL.format(status=status)} for status in sorted(statuses)}
