import ast
from typing import Any, Final

from scanners.context import Context
from scanners.finding import Confidence, Effort, Severity
from scanners.place import Call, Place
from scanners.regex import regex
from scanners.rule import Example, Rule
from scanners.semantics.api import adminforms
from scanners.semantics.api.modelwrites import (
    assigned,
    fixed_keys,
    is_checked,
    is_picked,
    is_query,
    is_table,
    names_all,
    only_read,
)
from scanners.semantics.api.responses import is_web
from scanners.semantics.requestdata import taint
from scanners.syntax import unparse
from scanners.tree import Tree, TreeContext

_SCHEMA: Final = regex(
    r"(Schema|Form|Serializer|Request|Payload|In|Dto|DTO|Params?|Input|Query|Filters?|Response|Command|Settings|Config|Event|Args|Options|Model|Body|Spec)$"
)
_MODELS: Final = regex(r"(^|\.)(models?|entities|db|orm)(\.|$)")
_VALID: Final = regex(r"valid|clean")
_FORMS: Final = regex(r"(^|\.)(ModelForm|BaseModelForm|AdminForm)$")
_SERIALIZERS: Final = regex(r"(^|\.)(\w*ModelSerializer)$")
_EDITS: Final = regex(r"(^|\.)(CreateView|UpdateView)$")
_HEAD: Final = "from flask import Flask, request\nfrom shop.models import Order, db\napp = Flask(__name__)\n\n\n@app.post('/orders')\ndef order():\n"

_KINDS: Final = (("form", _FORMS), ("serializer", _SERIALIZERS), ("view", _EDITS))


class MassAssignment(Rule):
    """
    Whoever sends a field that the form does not show (`is_admin`, `price`, `owner_id`) sets it: the model takes all that
    it is given, and the field that comes next year is open from its first day.

    Looks at models made or updated from unpacked request data, at setattr over its keys, and at forms and serializers
    that take all fields. Schema models, allow-lists, the admin and serializers that are only read are fine.
    """

    id = "mass-assignment"
    area = "api"
    item = "A1"
    title = "Fields set as the caller names them"
    severity = Severity.HIGH
    effort = Effort.HOUR
    fix = "Name the fields that may be written: a schema, a list of fields, or explicit arguments."
    bad = [
        Example("a model, and its update", {"app.py": f"{_HEAD}    order = Order(**request.get_json())\n    data = request.json\n    Order.query.filter_by(id=1).update(data)\n    return 'ok'\n"}, at=[("app.py", 8), ("app.py", 10)]),
        Example("Django's managers", {"views.py": "import json\nfrom django.http import JsonResponse\nfrom shop.models import Order\n\n\ndef order(request):\n    data = json.loads(request.body)\n    Order.objects.create(**data)\n    Order.objects.filter(pk=1).update(**data)\n    return JsonResponse({})\n"}, at=[("views.py", 8), ("views.py", 9)]),
        Example("setattr over the keys", {"app.py": f"{_HEAD}    order = Order.query.get(1)\n    for key, value in request.json.items():\n        setattr(order, key, value)\n    return 'ok'\n"}, at=[("app.py", 10)]),
        Example("forms and serializers", {"forms.py": "from django import forms\nfrom rest_framework import serializers\n\n\nclass OrderForm(forms.ModelForm):\n    class Meta:\n        model = Order\n        fields = '__all__'\n\n\nclass OrderSerializer(serializers.ModelSerializer):\n    class Meta:\n        model = Order\n        exclude = ['secret']\n"}, at=[("forms.py", 8), ("forms.py", 14)]),
        Example("FastAPI with a dict", {"app.py": "from fastapi import APIRouter\nfrom shop.models import Order\nrouter = APIRouter()\n\n\n@router.post('/orders')\ndef order(data: dict):\n    return Order(**data)\n"}, at=[("app.py", 8)]),
    ]  # fmt: skip
    good = [
        Example("fields by name", {"app.py": f"{_HEAD}    data = request.json\n    order = Order(name=data['name'], count=int(data['count']))\n    return 'ok'\n"}),
        Example("an allow-list", {"app.py": f"{_HEAD}    order = Order.query.get(1)\n    for key, value in request.json.items():\n        if key in {{'name', 'note'}}:\n            setattr(order, key, value)\n    for key in ('name', 'note'):\n        setattr(order, key, request.json[key])\n    return Order(**{{key: request.json[key] for key in ('name', 'note')}})\n"}),
        Example("a dict of the handler's own", {"app.py": f"{_HEAD}    given = {{'nonce': request.json.get('nonce'), 'kind': 1}}\n    Order.query.filter_by(id=1).update(**given)\n    return str(Order(**given))\n"}),
        Example("a schema model, and its dump", {"app.py": "from fastapi import APIRouter\nfrom pydantic import BaseModel\nfrom shop.models import Order\nrouter = APIRouter()\n\n\nclass New(BaseModel):\n    name: str\n\n\n@router.post('/orders')\ndef order(data: New, raw: dict):\n    checked = New(**raw)\n    return Order(**data.model_dump()), checked\n"}),
        Example("listed fields, read-only and admin", {"admin.py": "from django.contrib import admin\nfrom forms import PageForm\n\n\nclass PageAdmin(admin.ModelAdmin):\n    form = PageForm\n", "forms.py": "from django import forms\nfrom django.contrib import admin\nfrom rest_framework import serializers\n\n\nclass OrderForm(forms.ModelForm):\n    class Meta:\n        model = Order\n        fields = ['name']\n\n\nclass OrderListSerializer(serializers.ModelSerializer):\n    class Meta:\n        fields = '__all__'\n        read_only_fields = ['id']\n\n\nclass PageForm(forms.ModelForm):\n    class Meta:\n        exclude = ['place']\n\n\n\nclass OrderAdmin(admin.ModelAdmin):\n    fields = '__all__'\n"}),
        Example("a serializer that only shows", {"views.py": "from rest_framework import serializers\nfrom rest_framework.response import Response\n\n\nclass RowSerializer(serializers.ModelSerializer):\n    class Meta:\n        fields = '__all__'\n\n\ndef row(request):\n    return Response(RowSerializer(find()).data)\n"}),
        Example("a dict that is no model", {"app.py": f"{_HEAD}    found = dict(**request.json)\n    found.update(request.json)\n    return search(**request.args)\n"}),
    ]  # fmt: skip
    calls = ("*.update", "*.create", "*.get_or_create", "*.update_or_create", "setattr", "*.insert", "*.values")

    def visit_call(self, call: Call, ctx: Context) -> None:
        if not is_web(ctx):
            return
        if call.last == "setattr":
            self._setattr(call, ctx)
        elif call.last == "update" and call.node.args and is_query(call):
            self._judge(call, call.node.args[0], ctx, "updated with")
        else:
            self._unpacked(call, ctx)

    def _unpacked(self, call: Place[ast.Call], ctx: Context) -> None:
        func = call.node.func
        if isinstance(func, ast.Attribute) and not is_query(call):
            return
        for word in call.node.keywords:
            if word.arg is None:
                self._judge(call, word.value, ctx, "made or updated from")

    def visit_keyword(self, place: Place[ast.keyword], ctx: Context) -> None:
        if place.node.arg is not None or not is_web(ctx):
            return
        call = place.parent()
        if not isinstance(call, ast.Call) or (
            isinstance(call.func, ast.Attribute) and not call.func.attr[:1].isupper()
        ):
            return
        name = place.name(call.func) or unparse(call.func)
        last = name.rpartition(".")[2]
        if not last[:1].isupper() or last.isupper() or _SCHEMA.search(last) or is_checked(name, call.func, place, ctx):
            return
        sure = None if _MODELS.search(name) or is_table(name, place, ctx) else Confidence.LOW
        self._judge(Place(call, place.block, place.stmt), place.node.value, ctx, "made from", sure)

    def _judge(
        self, place: Place[Any], value: ast.expr, ctx: Context, how: str, sure: Confidence | None = None
    ) -> None:
        found = taint(value, place, ctx)
        if found is None or isinstance(value, ast.Dict) or is_picked(value, place) or _VALID.search(unparse(value)):
            return
        ctx.site(place)
        message = f"The model is {how} `{found.what}` as it came: the caller chooses which fields are set."
        ctx.report(place, message, confidence=sure or found.confidence)

    def _setattr(self, call: Call, ctx: Context) -> None:
        if len(call.node.args) == 3:
            found = taint(call.node.args[1], call, ctx)
            if found is not None and not fixed_keys(call):
                ctx.site(call)
                message = f"`{found.what}` names the attributes that are set: the caller chooses the fields."
                ctx.report(call, message, confidence=found.confidence)

    def visit_class_def(self, place: Place[ast.ClassDef], ctx: Context) -> None:
        node = place.node
        bases = [place.name(base) or unparse(base) for base in node.bases]
        kind = next((name for name, pattern in _KINDS if any(pattern.search(base) for base in bases)), "")
        if not kind or "Admin" in node.name:
            return
        inner = next((stmt for stmt in node.body if isinstance(stmt, ast.ClassDef) and stmt.name == "Meta"), None)
        body = node.body if kind == "view" else inner.body if inner else []
        given = assigned(body)
        listed = isinstance(given["fields"].value, (ast.List, ast.Tuple)) if "fields" in given else False
        stmt = given["fields"] if listed else given.get("exclude") or given.get("fields")
        if stmt is None:
            return
        ctx.site(stmt)
        everything = (not listed and "exclude" in given and kind != "view") or names_all(stmt.value)
        if everything and not only_read(node, given, ctx):
            message = f"{node.name} lets the caller write every field that is not excluded, those that come later too."
            adminforms.suspect(Place(stmt, place.block, stmt), node.name, message, ctx)

    def visit_tree(self, tree: Tree, ctx: TreeContext) -> None:
        adminforms.judge(tree, ctx)
