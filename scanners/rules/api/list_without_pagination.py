import ast
import re
from typing import Any, Final

from scanners.context import Context
from scanners.finding import Confidence, Effort, Severity
from scanners.place import Block, Place
from scanners.regex import regex
from scanners.rule import Example, Rule
from scanners.semantics.api.rowanswers import SEARCHED, chain, fetches, is_answered, is_unbounded, words_in
from scanners.semantics.handlers import inner
from scanners.semantics.routes import Route, routes_of
from scanners.syntax import unparse
from scanners.tree import Tree, TreeContext

_BOUNDED: Final = regex(
    r"limit|offset|page|paginat|per_page|cursor|skip|top_?n|max_|first|islice|chunk|batch|stream|yield|csv|export|sitemap|slice",
    re.IGNORECASE,
)
_SMALL: Final = regex(
    r"countr|currenc|language|locale|categor|choice|option|status|types?$|kinds?$|roles?$|permission|setting|config|feature|flag|timezone|plan$|plans$|unit|enum|tag|version|region",
    re.IGNORECASE,
)
_FILTERS: Final = regex(rf"\.(filter_by|where|get_queryset|in_)\(|\.(filter|exclude)\((?!\w+{SEARCHED})")
_LISTS: Final = regex(r"(^|\.)(ListAPIView|ListCreateAPIView|ModelViewSet|ReadOnlyModelViewSet|ListModelMixin)$")
_HEAD: Final = "from fastapi import APIRouter, Depends\nfrom sqlalchemy import select\nfrom shop.models import Order\nrouter = APIRouter()\n\n\n"


class ListWithoutPagination(Rule):
    """
    A list that returns all rows is fast on the day it is written and takes the service down on the day the table has
    grown: memory, database and caller get everything at once.

    Looks at GET handlers that answer with `.all()` of a query without a limit, and at list views of DRF without a
    pagination class or default. Lists below one parent are less sure; small enumerations and streamed exports are fine.
    """

    id = "list-without-pagination"
    area = "api"
    item = "A4"
    title = "List answered without pages"
    severity = Severity.MEDIUM
    confidence = Confidence.MEDIUM
    effort = Effort.HOUR
    fix = "Take a page or a cursor from the caller, with a default and a maximum, and limit the query by it."
    kinds = frozenset({"http-api"})
    bad = [
        Example("SQLAlchemy", {"app.py": f"{_HEAD}@router.get('/orders')\ndef orders(db=Depends(session)):\n    return db.query(Order).all()\n\n\n@router.get('/new')\nasync def new(db=Depends(session)):\n    result = await db.execute(select(Order))\n    return result.scalars().all()\n"}, at=[("app.py", 9), ("app.py", 15)]),
        Example("Flask", {"app.py": "from flask import Flask, jsonify\nfrom shop.models import Order\napp = Flask(__name__)\n\n\n@app.get('/orders')\ndef orders():\n    rows = Order.query.order_by(Order.id).all()\n    return jsonify([row.to_dict() for row in rows])\n"}, at=[("app.py", 8)]),
        Example("Django", {"views.py": "from django.http import JsonResponse\nfrom shop.models import Order\n\n\ndef orders(request):\n    return JsonResponse(list(Order.objects.all().values()), safe=False)\n"}, at=[("views.py", 6)]),
        Example("a search, which finds all rows for an empty word", {"views.py": "from rest_framework.response import Response\nfrom rest_framework.views import APIView\nfrom shop.models import Order\n\n\nclass Orders(APIView):\n    def get(self, request):\n        found = Order.objects.filter(name__icontains=request.GET.get('q', ''))\n        return Response(OrderSerializer(found, many=True).data)\n"}, at=[("views.py", 8)]),
        Example("DRF without pages", {"views.py": "from rest_framework import viewsets\n\n\nclass OrderViewSet(viewsets.ModelViewSet):\n    queryset = Order.objects.all()\n"}, at=[("views.py", 4)]),
    ]  # fmt: skip
    good = [
        Example("a limit", {"app.py": f"{_HEAD}@router.get('/orders')\ndef orders(limit: int = 50, offset: int = 0, db=Depends(session)):\n    return db.query(Order).limit(min(limit, 100)).offset(offset).all()\n\n\n@router.get('/new')\ndef new(db=Depends(session)):\n    return db.execute(select(Order).order_by(Order.id)).scalars().all()[:10]\n"}),
        Example("pages of DRF", {"settings.py": "REST_FRAMEWORK = {'DEFAULT_PAGINATION_CLASS': 'rest_framework.pagination.CursorPagination', 'PAGE_SIZE': 50}\n", "views.py": "from rest_framework import viewsets\n\n\nclass OrderViewSet(viewsets.ModelViewSet):\n    queryset = Order.objects.all()\n"}),
        Example("a class with pages, and a small enumeration", {"views.py": "from rest_framework import viewsets\n\n\nclass OrderViewSet(viewsets.ModelViewSet):\n    pagination_class = Pages\n    queryset = Order.objects.all()\n\n\nclass CountryViewSet(viewsets.ReadOnlyModelViewSet):\n    queryset = Country.objects.all()\n"}),
        Example("no rows to list", {"views.py": "from rest_framework import viewsets\n\n\nclass OrderViewSet(viewsets.ReadOnlyModelViewSet):\n    queryset = Order.objects.none()\n"}),
        Example("pages by a decorator", {"api.py": "from ninja import Router\nfrom ninja.pagination import paginate\nfrom shop.models import Order\n\nrouter = Router()\n\n\n@router.get('/orders')\n@paginate\ndef orders(request):\n    return Order.objects.all()\n"}),
        Example("a streamed export", {"views.py": "from django.http import StreamingHttpResponse\nfrom shop.models import Order\n\n\ndef orders(request):\n    return StreamingHttpResponse(row.line() for row in Order.objects.all())\n"}),
        Example("a helper of its own pages", {"views.py": "from django.http import JsonResponse\nfrom shop.models import Order\n\n\ndef orders(request):\n    if request.GET:\n        return JsonResponse({})\n    return table_of(request, Order.objects.all())\n"}),
        Example("one row, and all rows for something else", {"app.py": f"{_HEAD}@router.get('/orders')\ndef orders(db=Depends(session)):\n    return db.query(Order).count()\n\n\n@router.post('/orders')\ndef order(db=Depends(session)):\n    rows = db.query(Order).all()\n    return len(rows)\n"}),
    ]  # fmt: skip

    def visit_module(self, ctx: Context) -> None:
        for node, route in routes_of(ctx).items():
            if "GET" in route.methods or (not route.methods and route.framework == "django"):
                self._handler(node, route, ctx)

    def _handler(self, node: Any, route: Route, ctx: Context) -> None:
        body = list(inner(list(node.body)))
        held = {id(each.value) for each in body if isinstance(each, ast.Attribute)}
        if any("paginat" in unparse(decorator).lower() for decorator in node.decorator_list):
            return
        fetched = [each for each in body if isinstance(each, ast.Call) and fetches(each, last=id(each) not in held)]
        if not fetched:
            return
        words = {word for each in [*body, *inner([node.args])] for word in words_in(each)}
        for call in fetched[:1]:
            if not is_answered(call, body) or "render" in words or any(word.startswith("render") for word in words):
                continue
            scope = ctx.module.functions[node]
            place = Place(call, Block("function", node, None, scope), None)
            ctx.site(place)
            if (
                any(_BOUNDED.search(word) for word in words)
                or _SMALL.search(node.name)
                or _SMALL.search(route.path.rstrip("/"))
            ):
                continue
            asked = chain(call, body)
            grouped = ".values(" in asked and ".annotate(" in asked
            below = grouped or "{" in route.path or "<" in route.path or _FILTERS.search(asked)
            sure = Confidence.LOW if below else None
            ctx.report(
                place, f"`{node.name}` answers with all rows there are: nothing limits how many.", confidence=sure
            )

    def visit_class_def(self, place: Place[ast.ClassDef], ctx: Context) -> None:
        node = place.node
        bases = [place.name(base) or unparse(base) for base in node.bases]
        if not any(
            _LISTS.search(base) and ("rest_framework" in base or ctx.imports("rest_framework")) for base in bases
        ):
            return
        names = {
            target.id
            for stmt in node.body
            if isinstance(stmt, ast.Assign)
            for target in stmt.targets
            if isinstance(target, ast.Name)
        }
        methods = {stmt.name for stmt in node.body if isinstance(stmt, ast.FunctionDef)}
        if (
            "pagination_class" in names
            or "paginator" in names
            or methods & {"list", "paginate_queryset", "get"}
            or any(unparse(stmt.value).endswith(".none()") for stmt in node.body if isinstance(stmt, ast.Assign))
            or _SMALL.search(re.sub(r"(ViewSet|View|List|API)+$", "", node.name))
        ):
            ctx.site(place)
            return
        ctx.fact(
            "unpaged-view",
            place,
            name=node.name,
            text=ctx.source_lines[node.lineno - 1].strip()[:160],
            known=is_unbounded(node),
        )

    def visit_tree(self, tree: Tree, ctx: TreeContext) -> None:
        paged = bool(tree.facts("web-pages"))
        for view in tree.facts("unpaged-view"):
            ctx.site(view.path, view.line)
            if not paged:
                sure = Confidence.MEDIUM if view["known"] else Confidence.LOW
                ctx.report(
                    view.path,
                    view.line,
                    f"`{view['name']}` lists all rows: it has no pagination_class and no default is set.",
                    anchor=view["name"],
                    text=view["text"],
                    confidence=sure,
                )
