"""Syntax trees as text, those of newer syntax too."""

import ast
import copy


def written(node: ast.AST) -> str:
    """As `ast.unparse`; the fields of an f-string that this Python cannot write out are left empty."""
    try:
        return ast.unparse(node)
    except ValueError:  # A backslash in a field, or more kinds of quotes than there are.
        bare: ast.AST = _WithoutFields().visit(copy.deepcopy(node))
        return ast.unparse(bare)


class _WithoutFields(ast.NodeTransformer):
    """Makes each f-string a plain text with `{}` for its fields."""

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.AST:
        """The text of an f-string."""
        texts = [str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values]
        return ast.copy_location(ast.Constant("".join(texts), kind=None), node)
