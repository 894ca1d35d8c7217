"""Which methods, functions and attributes give back what they are given: where a value goes on."""

from typing import Final

_TEXT: Final = (
    "strip lstrip rstrip lower upper title capitalize casefold swapcase replace encode decode format format_map join "
    "split rsplit "
    "splitlines partition rpartition removeprefix removesuffix zfill ljust rjust center expandtabs translate"
)
_CONTAINERS: Final = (
    "get pop getlist getall get_all get_list getone items values "
    "keys copy to_dict dict read readline readlines getvalue "
    "setdefault json text body form post get_json get_data stream multi_items popitem lists decode_body"
)
_PATHS: Final = "joinpath resolve absolute expanduser with_suffix as_posix"
KEEPING: Final = frozenset(f"{_TEXT} {_CONTAINERS} {_PATHS}".split())
"""Methods whose result holds what their receiver held."""

PASSING: Final = frozenset(
    "str bytes bytearray repr list tuple dict set frozenset sorted reversed next iter enumerate zip max min format "
    "pathlib.Path pathlib.PurePath pathlib.PosixPath pathlib.PurePosixPath anyio.Path aiofiles.os.path.join "
    "os.path.join os.path.normpath os.path.abspath os.path.realpath os.path.expanduser "
    "os.path.expandvars os.fspath os.path.dirname "
    "urllib.parse.unquote urllib.parse.unquote_plus urllib.parse.urljoin urllib.parse.urlunparse "
    "urllib.parse.urlunsplit "
    "urllib.parse.parse_qs urllib.parse.urlparse urllib.parse.urlsplit base64.b64decode base64.urlsafe_b64decode "
    "base64.standard_b64decode base64.b32decode base64.b16decode base64.decodebytes "
    "binascii.unhexlify binascii.a2b_base64 "
    "bytes.fromhex json.loads json.load orjson.loads ujson.loads simplejson.loads "
    "html.unescape textwrap.dedent copy.copy "
    "copy.deepcopy io.BytesIO io.StringIO typing.cast zlib.decompress gzip.decompress functools.partial "
    "asyncio.wait_for string.Template werkzeug.datastructures.MultiDict collections.OrderedDict "
    "django.utils.http.unquote django.utils.encoding.force_str django.utils.encoding.smart_str "
    "httpx.URL yarl.URL".split()
)
"""Functions whose result holds what they are given."""

FIELDS: Final = frozenset(
    "filename stream raw_data file content name content_type path "
    "netloc hostname query url href parent stem suffix".split()
)
"""Attributes that hold a part of what their object holds."""
