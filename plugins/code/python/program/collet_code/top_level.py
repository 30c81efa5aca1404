"""Code with `await` and `return` at its top level, whose names are those of a module all the same."""
import ast
import linecache

FILE = "<code>"
# as inspect has it
IS_COROUTINE = 0x80


class TopLevel(ast.NodeTransformer):
    """Looks at what is executed at the top level of code, and makes it what a function can have.

    Explicit values of `return` become tuples of one, so that they are told from none at all.
    """

    def __init__(self):
        self.names = {}
        self.returns = False
        self.is_async = False
        self.yields = None

    def _define(self, name):
        if name is not None:
            self.names[name] = None

    def _visit_header(self, node):
        for field in ("decorator_list", "bases", "keywords"):
            for inner in getattr(node, field, ()):
                self.visit(inner)
        arguments = getattr(node, "args", None)
        if arguments is not None:
            for inner in [*arguments.defaults, *filter(None, arguments.kw_defaults)]:
                self.visit(inner)
        return node

    def _visit_definition(self, node):
        self._define(node.name)
        return self._visit_header(node)

    visit_FunctionDef = visit_AsyncFunctionDef = visit_ClassDef = _visit_definition
    visit_Lambda = _visit_header

    def visit_Name(self, node):
        if not isinstance(node.ctx, ast.Load):
            self._define(node.id)
        return node

    def visit_Import(self, node):
        for alias in node.names:
            self._define(alias.asname or alias.name.partition(".")[0])
        return node

    def visit_ImportFrom(self, node):
        if node.names[0].name != "*":
            return self.visit_Import(node)
        text = "from %s%s import *" % ("." * node.level, node.module or "")
        return self._replace(node, "exec(%r, globals())" % text)

    def visit_ExceptHandler(self, node):
        self._define(node.name)
        return self.generic_visit(node)

    def visit_MatchAs(self, node):
        self._define(node.name)
        return self.generic_visit(node)

    visit_MatchStar = visit_MatchAs

    def visit_MatchMapping(self, node):
        self._define(node.rest)
        return self.generic_visit(node)

    def visit_comprehension(self, node):
        # its targets are its own
        self.is_async = self.is_async or bool(node.is_async)
        node.iter = self.visit(node.iter)
        node.ifs = [self.visit(inner) for inner in node.ifs]
        return node

    def visit_AnnAssign(self, node):
        self.generic_visit(node)
        if not isinstance(node.target, ast.Name):
            return node
        if node.value is None:
            return ast.copy_location(ast.Pass(), node)
        return ast.copy_location(ast.Assign(targets=[node.target], value=node.value), node)

    def visit_Call(self, node):
        self.generic_visit(node)
        name = getattr(node.func, "id", None)
        if node.keywords or any(isinstance(it, ast.Starred) for it in node.args):
            return node
        # what these do without a scope is about names, which are globals here
        if name in ("exec", "eval") and len(node.args) == 1:
            node.args.append(self._replace(node, "globals()").value)
        elif name in ("locals", "vars") and not node.args:
            return self._replace(node, "globals()").value
        return node

    def visit_Return(self, node):
        self.returns = True
        self.generic_visit(node)
        if node.value is not None:
            node.value = ast.copy_location(ast.Tuple(elts=[node.value], ctx=ast.Load()), node.value)
        return node

    def _visit_awaiting(self, node):
        self.is_async = True
        return self.generic_visit(node)

    visit_Await = visit_AsyncFor = visit_AsyncWith = _visit_awaiting

    def _visit_yield(self, node):
        self.yields = self.yields or node
        return node

    visit_Yield = visit_YieldFrom = _visit_yield

    @staticmethod
    def _replace(node, text):
        statement = ast.parse(text).body[0]
        for inner in ast.walk(statement):
            ast.copy_location(inner, node)
        return statement


def compile_code(source):
    """Gives what runs code in its globals: a function that gives None or a tuple of the value, or an awaitable."""
    tree = ast.parse(source, FILE)
    top = TopLevel()
    changed = top.visit(ast.parse(source, FILE))
    if not top.returns:
        code = compile(tree, FILE, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, True)
        if code.co_flags & IS_COROUTINE:
            return lambda scope: eval(code, scope)
        return lambda scope: exec(code, scope)
    if top.yields is not None:
        line, column = top.yields.lineno, top.yields.col_offset + 1
        raise SyntaxError("'yield' outside function", (FILE, line, column, linecache.getline(FILE, line)))
    return compile_function(changed, top)


def compile_function(tree, top):
    def is_future(statement):
        return isinstance(statement, ast.ImportFrom) and statement.module == "__future__"

    wrapper = ast.parse("%sdef main(): pass" % ("async " if top.is_async else ""))
    main = wrapper.body[0]
    # as tracebacks call it
    main.name = "<module>"
    body = [statement for statement in tree.body if not is_future(statement)]
    names = [ast.Global(names=[*top.names])] if top.names else []
    main.body = [ast.fix_missing_locations(ast.copy_location(it, main)) for it in names] + body
    wrapper.body[:0] = [statement for statement in tree.body if is_future(statement)]
    code = compile(ast.fix_missing_locations(wrapper), FILE, "exec", 0, True)

    def start(scope):
        exec(code, scope)
        return scope.pop(main.name)()

    return start


def execute(start, scope):
    """Gives None, or a tuple of the value that the code returned."""
    result = start(scope)
    if not hasattr(result, "__await__"):
        return result
    import asyncio

    return asyncio.run(result)
