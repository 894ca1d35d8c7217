from typing import Any

from scanners.finding import Confidence, Effort, Severity
from scanners.rule import Example, Rule
from scanners.tree import Fact, Tree, TreeContext

_MODELS = (
    "from django.db import models\n\n\nclass Customer(models.Model):\n    name = models.CharField(max_length=80)\n\n\nclass Order(models.Model):\n"
    "    customer = models.ForeignKey(Customer, models.CASCADE, related_name='orders')\n    tags = models.ManyToManyField('Tag')\n"
)
_SERIALIZER = (
    "from rest_framework import serializers\n\nfrom shop.models import Order\n\n\nclass OrderSerializer(serializers.ModelSerializer):\n"
    "    customer = CustomerSerializer()\n    owner = serializers.CharField(source='customer.name')\n    labels = serializers.SerializerMethodField()\n\n"
    "    class Meta:\n        model = Order\n        fields = ['id']\n\n    def get_labels(self, order):\n        return [tag.name for tag in order.tags.all()]\n"
)
_VIEW = "from rest_framework import viewsets\n\nfrom shop.models import Order\nfrom shop.serializers import OrderSerializer\n\n\nclass Orders(viewsets.ModelViewSet):\n    serializer_class = OrderSerializer\n"
_PAGE = "{% for order in orders %}\n<li>{{ order.customer.name }}</li>\n{% endfor %}\n"
_RENDER = "from django.shortcuts import render\n\nfrom shop.models import Order\n\n\ndef orders(request):\n    return render(request, 'shop/orders.html', {'orders': Order.objects"


class RelationLoadedPerRow(Rule):
    """
    A list that reads a relation of each row sends one more query for each: a page of a hundred orders is a hundred and one.

    Looks at serializers of Django REST framework and at loops of templates whose rows come from a queryset in sight, and at
    the select_related and prefetch_related of that queryset. Views whose queryset is made elsewhere, and models with a
    manager of their own, are unresolved.
    """

    id = "relation-loaded-per-row"
    area = "data"
    item = "B1"
    title = "Relation loaded once per row of a list"
    severity = Severity.MEDIUM
    confidence = Confidence.MEDIUM
    effort = Effort.MINUTES
    fix = "Load it with the rows: select_related() for one row, prefetch_related() for many, in get_queryset() or the view."
    bad = [
        Example(
            "a serializer whose view loads nothing",
            {
                "shop/models.py": _MODELS,
                "shop/serializers.py": _SERIALIZER,
                "shop/views.py": f"{_VIEW}    queryset = Order.objects.all()\n",
            },
            at=[("shop/serializers.py", 7), ("shop/serializers.py", 8), ("shop/serializers.py", 16)],
        ),
        Example(
            "a loop of a template",
            {
                "shop/models.py": _MODELS,
                "shop/views.py": f"{_RENDER}.filter(open=True)}})\n",
                "shop/templates/shop/orders.html": _PAGE,
            },
            at=[("shop/templates/shop/orders.html", 2)],
        ),
    ]
    good = [
        Example(
            "loaded by the view",
            {
                "shop/models.py": _MODELS,
                "shop/serializers.py": _SERIALIZER,
                "shop/views.py": f"{_VIEW}\n    def get_queryset(self):\n        return Order.objects.select_related('customer').prefetch_related('tags')\n",
            },
        ),
        Example(
            "loaded for the template",
            {"shop/models.py": _MODELS, "shop/views.py": f"{_RENDER}.select_related('customer')}})\n", "shop/templates/shop/orders.html": _PAGE},
        ),
        Example(
            "a queryset from elsewhere, a view of one row",
            {
                "shop/models.py": _MODELS,
                "shop/serializers.py": _SERIALIZER,
                "shop/views.py": f"{_VIEW}\n    def get_queryset(self):\n        return visible_orders(self.request.user)\n",
                "shop/detail.py": _VIEW.replace("viewsets.ModelViewSet", "generics.RetrieveAPIView") + "    queryset = Order.objects.all()\n",
            },
        ),
    ]  # fmt: skip

    def visit_tree(self, tree: Tree, ctx: TreeContext) -> None:
        models = {fact["name"]: fact for fact in tree.facts("model") if fact["orm"] == "django"}
        views = [*tree.facts("rows-view"), *tree.facts("rendered-rows")]
        for serializer in tree.facts("serializer"):
            asking = [view for view in views if view.get("serializer") == serializer["name"]]
            for read in serializer["reads"]:
                self._judge(serializer, read["line"], read["path"], serializer["model"], asking, models, ctx)
        for loop in tree.facts("template-loop"):
            asking = [
                view
                for view in views
                if view["rows"] == loop["rows"] and view["template"] and loop.path.endswith(f"/{view['template']}")
            ]
            path = f"{loop['attr']}.{loop['then']}"
            self._judge(loop, loop.line, path, asking[0]["model"] if asking else "", asking, models, ctx)

    def _judge(
        self, at: Fact, line: int, path: str, model: str, views: list[Fact], models: dict[str, Any], ctx: TreeContext
    ) -> None:
        relation = path.partition(".")[0]
        if model not in models or relation not in _relations(model, models):
            return
        told = [view for view in views if view["model"] == model]
        if not told or models[model]["manager"]:
            ctx.unresolved(at.path, line, "What the queryset of the rows loads cannot be told.")
            return
        lacking = [view for view in told if not any(_covers(loaded, relation) for loaded in view["loads"])]
        if not lacking:
            ctx.site(at.path, line)
            return
        where = f"{lacking[0].path}:{lacking[0].line}"
        ctx.report(
            at.path,
            line,
            f"`{relation}` is loaded once per row: the queryset in {where} does not load it.",
            anchor=f"{model}.{path}",
        )


def _relations(model: str, models: dict[str, Any]) -> set[str]:
    """The names by which a model reaches other rows: its own relations, and the ways back to it."""
    own = {name for name, field in models[model]["fields"].items() if field["kind"] in ("fk", "o2o", "m2m")}
    back = {
        field["back"] or f"{other.lower()}_set"
        for other, fact in models.items()
        for field in fact["fields"].values()
        if field["kind"] in ("fk", "m2m") and field["to"] == model
    }
    return own | back


def _covers(loaded: str, relation: str) -> bool:
    return loaded == "*" or loaded.partition("__")[0] == relation
