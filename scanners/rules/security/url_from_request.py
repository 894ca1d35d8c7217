import ast
from typing import Any

from scanners.context import Context
from scanners.finding import Confidence, Effort, Severity
from scanners.place import Bound, Call, Place
from scanners.rule import Example, Rule
from scanners.semantics.requestdata import taint
from scanners.semantics.requestsources import in_request_code
from scanners.semantics.security.hostsinks import CALLS, CLEANERS, REDIRECTS, REFERER, address_of, deciding


class UrlFromRequest(Rule):
    """
    A host taken from a request lets the caller reach machines that only this service can reach, cloud metadata among them;
    a redirect to it lends the name of the service to a copy of the login page elsewhere.

    Looks at outgoing HTTP calls and at redirects in code that serves requests, and follows what the request says to the
    part of the address that decides the host. A fixed host, an allow-list of hosts, url_has_allowed_host_and_scheme,
    url_for and reverse are good; sending back to the referring page is a guess.
    """

    id = "url-from-request"
    area = "security"
    item = "S4"
    title = "Host of a call or a redirect that the request decides"
    severity = Severity.HIGH
    confidence = Confidence.MEDIUM
    effort = Effort.HOUR
    fix = (
        "Compare the parsed host with an allow-list, or fix scheme and host and take only path parts from the request."
    )
    bad = [
        Example(
            "the whole address",
            {
                "proxy.py": "import requests\nfrom flask import Flask, redirect, request\n\napp = Flask(__name__)\n\n\n@app.get('/fetch')\ndef fetch():\n    url = request.args.get('url')\n    body = requests.get(url, timeout=5).text\n    return body or redirect(request.args.get('next') or '/')\n",
            },
            at=[("proxy.py", 10), ("proxy.py", 11)],
        ),
        Example(
            "the host",
            {
                "probe.py": "import httpx\nfrom fastapi import FastAPI\n\napp = FastAPI()\n\n\n@app.get('/probe')\nasync def probe(host: str, tenant: str):\n    async with httpx.AsyncClient() as client:\n        await client.get(f'https://{host}/health')\n        return (await client.get(f'https://{tenant}.shop.com/health')).text\n",
            },
            at=[("probe.py", 10), ("probe.py", 11)],
        ),
        Example(
            "Django redirects",
            {
                "views.py": "from urllib.parse import urljoin\n\nfrom django.http import HttpResponseRedirect\nfrom django.shortcuts import redirect\n\n\ndef login(request):\n    if request.method == 'POST':\n        return redirect(request.POST['next'])\n    return HttpResponseRedirect(urljoin('https://shop.com', request.GET['to']))\n",
                "away.py": "from django.http import HttpResponse\n\n\ndef away(request):\n    response = HttpResponse(status=302)\n    response['Location'] = request.GET['to']\n    return response\n",
            },
            at=[("away.py", 6), ("views.py", 9), ("views.py", 10)],
        ),
        Example(
            "aiohttp session; a field of a schema",
            {
                "proxy.py": "import aiohttp\nfrom aiohttp import web\n\n\nasync def proxy(request):\n    data = await request.json()\n    async with aiohttp.ClientSession() as session:\n        async with session.post(data['callback']) as answer:\n            return web.Response(text=await answer.text())\n",
                "hooks.py": "import httpx\nfrom fastapi import FastAPI\nfrom pydantic import BaseModel, HttpUrl\n\napp = FastAPI()\n\n\nclass Hook(BaseModel):\n    url: str\n    home: HttpUrl\n\n\n@app.post('/hooks')\ndef try_hook(hook: Hook):\n    httpx.get(hook.home, timeout=5)\n    return httpx.post(hook.url, timeout=5).status_code\n",
            },
            at=[("hooks.py", 16), ("proxy.py", 8)],
        ),
    ]
    good = [
        Example(
            "fixed host",
            {
                "proxy.py": "import requests\nfrom flask import Flask, redirect, request, url_for\n\napp = Flask(__name__)\nAPI = 'https://api.shop.com'\n\n\n@app.get('/fetch')\ndef fetch():\n    name = request.args['name']\n    requests.get(f'https://api.shop.com/items/{name}', timeout=5)\n    requests.get(f'{API}/x/{name}', timeout=5)\n    requests.get(app.config['API'] + '/' + name, params={'url': request.args['u']}, timeout=5)\n    if name:\n        return redirect(url_for('show', name=name))\n    return redirect(f'/items/{name}')\n",
            },
        ),
        Example(
            "allow-lists; by name",
            {
                "views.py": "from urllib.parse import urlsplit\n\nimport requests\nfrom django.shortcuts import redirect\nfrom django.utils.http import url_has_allowed_host_and_scheme\n\nHOSTS = {'shop.com'}\n\n\ndef login(request):\n    to = request.GET.get('next', '/')\n    url = request.GET['url']\n    if urlsplit(url).hostname not in HOSTS:\n        raise ValueError(url)\n    requests.get(url, timeout=5)\n    if not url_has_allowed_host_and_scheme(to, allowed_hosts={request.get_host()}):\n        to = '/'\n    return redirect(to)\n",
                "back.py": "from urllib.parse import urlparse\n\nfrom flask import Flask, redirect, request\n\napp = Flask(__name__)\n\n\n@app.get('/back')\ndef back():\n    target = request.args.get('next', '/')\n    if urlparse(target).netloc:\n        target = '/'\n    return redirect(target)\n",
                "views2.py": "from django.shortcuts import redirect\n\n\ndef save(request):\n    return redirect('order', pk=request.POST['order'])\n",
            },
        ),
    ]
    calls = (*CALLS, *REDIRECTS)

    binds = staticmethod("Location".__eq__)

    def visit_call(self, call: Call, ctx: Context) -> None:
        if in_request_code(call, ctx) and (address := address_of(call)) is not None:
            does = "the target of this redirect" if call.dotted in REDIRECTS else f"which host `{call.last}` talks to"
            self._judge(call, address, does, ctx)

    def visit_binding(self, bound: Bound, ctx: Context) -> None:
        if in_request_code(bound, ctx) and not isinstance(bound.node, ast.keyword):
            self._judge(bound, bound.value, "the target of this redirect", ctx)

    def _judge(self, place: Place[Any], address: ast.expr, does: str, ctx: Context) -> None:
        ctx.site(place)
        found = taint(address, place, ctx, CLEANERS)
        host = deciding(address, place, ctx) if found is not None else None
        if host is None:
            return
        guess = host.confidence is Confidence.LOW or REFERER.search(host.what) is not None
        sure = Confidence.LOW if guess else Confidence.MEDIUM
        ctx.report(place, f"`{host.what}` decides {does}.", confidence=sure)
