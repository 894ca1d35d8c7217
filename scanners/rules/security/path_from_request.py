from scanners.context import Context
from scanners.finding import Confidence, Effort, Severity
from scanners.place import Call
from scanners.rule import Example, Rule
from scanners.semantics.requestdata import taint
from scanners.semantics.requestsources import in_request_code
from scanners.semantics.security.filesinks import CALLS, CLEANERS, is_one_part, paths_of


class PathFromRequest(Rule):
    """
    A file name taken from a request may be `../../etc/passwd` or an absolute path: the caller then picks which file of the
    server is read, overwritten or deleted.

    Looks at open, os, shutil, methods of Path, file responses, saved uploads and names of templates in code that serves
    requests, and follows what the request says to them. secure_filename, basename, safe_join, a check with is_relative_to
    or commonpath, numbers, UUIDs and choices from fixed sets are good. Django cleans the names of uploads itself.
    """

    id = "path-from-request"
    area = "security"
    item = "S4"
    title = "File path that the request decides"
    severity = Severity.HIGH
    confidence = Confidence.MEDIUM
    effort = Effort.HOUR
    fix = "Resolve the joined path and refuse it unless is_relative_to(the directory); name stored files yourself."
    bad = [
        Example(
            "joined and opened",
            {
                "files.py": "import os\nfrom flask import Flask, request, send_file\n\napp = Flask(__name__)\n\n\n@app.get('/file')\ndef show():\n    name = request.args['name']\n    path = os.path.join('/srv/files', name)\n    if name:\n        return send_file(path)\n    with open(f'/srv/{name}.txt') as file:\n        return file.read()\n",
            },
            at=[("files.py", 12), ("files.py", 13)],
        ),
        Example(
            "saved under its own name",
            {
                "upload.py": "import os\nfrom flask import Flask, request\n\napp = Flask(__name__)\n\n\n@app.post('/up')\ndef upload():\n    sent = request.files['file']\n    sent.save(os.path.join('/srv/up', sent.filename))\n    return 'ok'\n",
            },
            at=[("upload.py", 10)],
        ),
        Example(
            "FastAPI",
            {
                "api.py": "from pathlib import Path\nimport shutil\n\nfrom fastapi import FastAPI, UploadFile\nfrom fastapi.responses import FileResponse\n\napp = FastAPI()\nROOT = Path('/srv')\n\n\n@app.get('/files/{name:path}')\nasync def show(name: str):\n    return FileResponse(ROOT / name)\n\n\n@app.post('/files')\ndef store(file: UploadFile):\n    target = ROOT / file.filename\n    with target.open('wb') as out:\n        shutil.copyfileobj(file.file, out)\n",
                "depends.py": "from fastapi import Depends, FastAPI, Query\n\napp = FastAPI()\n\n\ndef text_of(name: str = Query('')):\n    with open('/srv/' + name) as file:\n        return file.read()\n\n\n@app.get('/text')\ndef text(held=Depends(text_of)):\n    return held\n",
            },
            at=[("api.py", 13), ("api.py", 19), ("depends.py", 7)],
        ),
        Example(
            "Django",
            {
                "views.py": "import os\n\nfrom django.shortcuts import render\n\n\ndef page(request):\n    os.remove('/srv/tmp/' + request.POST['name'])\n    return render(request, request.GET['page'] + '.html')\n",
            },
            at=[("views.py", 7), ("views.py", 8)],
        ),
        Example(
            "one call away",
            {
                "report.py": "import aiofiles\nfrom aiohttp import web\n\n\nasync def read(path):\n    async with aiofiles.open(path) as file:\n        return await file.read()\n\n\nasync def show(request):\n    return web.Response(text=await read('/srv/' + request.match_info['name']))\n",
            },
            at=[("report.py", 6)],
        ),
    ]
    good = [
        Example(
            "cleaned",
            {
                "files.py": "import os\nfrom flask import Flask, request, send_file, send_from_directory\nfrom werkzeug.utils import safe_join, secure_filename\n\napp = Flask(__name__)\n\n\n@app.post('/file')\ndef show():\n    name = request.args['name']\n    sent = request.files['file']\n    sent.save(os.path.join('/srv', secure_filename(sent.filename)))\n    open(os.path.join('/srv', os.path.basename(name)))\n    send_file(safe_join('/srv', name))\n    return send_from_directory('/srv', name)\n",
            },
        ),
        Example(
            "resolved and checked",
            {
                "api.py": "from pathlib import Path\n\nfrom fastapi import FastAPI, HTTPException\nfrom fastapi.responses import FileResponse\n\napp = FastAPI()\nROOT = Path('/srv')\n\n\n@app.get('/files/{name:path}')\nasync def show(name: str):\n    target = (ROOT / name).resolve()\n    if not target.is_relative_to(ROOT):\n        raise HTTPException(404)\n    return FileResponse(target)\n",
            },
        ),
        Example(
            "own names, numbers, choices",
            {
                "files.py": "import os\nimport uuid\nfrom flask import Flask, request\n\napp = Flask(__name__)\nPAGES = {'a': 'a.html'}\n\n\n@app.get('/file/<int:number>')\ndef show(number):\n    extension = os.path.splitext(request.files['f'].filename)[1]\n    open(f'/srv/{uuid.uuid4()}{extension}')\n    open(f'/srv/{number}.txt')\n    open(PAGES[request.args['page']])\n    kind = request.args['kind']\n    if kind not in ('day', 'week'):\n        kind = 'day'\n    name = ''\n    if 'name' in request.args:\n        name = request.args['name']\n        if not name.isalnum():\n            return 'no', 400\n    if request.method == 'PUT':\n        os.remove('/srv/' + name)\n    return open(f'/srv/{kind}.csv').read()\n",
            },
        ),
    ]
    calls = CALLS

    def visit_call(self, call: Call, ctx: Context) -> None:
        if not in_request_code(call, ctx):
            return
        given = paths_of(call, ctx)
        if not given:
            return
        ctx.site(call)
        found = next((found for path in given if (found := taint(path, call, ctx, CLEANERS)) is not None), None)
        if found is not None:
            part = is_one_part(found.source, ctx)
            sure = Confidence.LOW if part or found.confidence is Confidence.LOW else Confidence.MEDIUM
            leads = "as `..` it leads out of the folder" if part else "`../` in it leads anywhere"
            ctx.report(
                call,
                f"`{found.what}` decides which file `{call.last}` touches: {leads}.",
                confidence=sure,
            )
