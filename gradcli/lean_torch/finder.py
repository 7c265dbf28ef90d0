"""The finder that puts modules off, and what executes them when they are asked for."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from importlib.machinery import ModuleSpec, PathFinder
from types import FrameType, ModuleType
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from gradcli.exceptions import GradcliError
from gradcli.lean_torch.table import ALONE, PutOff
from gradcli.lean_torch.version import version_of

if TYPE_CHECKING:
    from importlib.abc import Loader
else:
    Loader = object  # importlib.abc alone takes as long as everything here


class PutOffError(GradcliError):
    """A module of PyTorch that was put off cannot be imported now."""

    code = "import"

    def __init__(self, name: str, error: BaseException) -> None:
        super().__init__(
            f"PyTorch's {name}, which gradcli imports only when it is needed, cannot be imported: "
            f"{type(error).__name__}: {error}",
            hint="GRADCLI_LEAN=0 imports all of PyTorch at once, and shows whether its installation is whole.",
        )


class LeanImport:
    """The import of PyTorch with a table of modules that are put off: a finder of `sys.meta_path`."""

    installed: ClassVar[LeanImport | None] = None

    def __init__(self, table: Mapping[str, PutOff], versions: Collection[str]) -> None:
        self.table = table
        self._versions = versions
        self._alone = (*ALONE, *(f"{name}." for name, row in table.items() if row.is_leaf))
        self._circle = [name for name, row in table.items() if not row.is_leaf]
        self._loaders: dict[str, Loader] = {}
        self._taken: dict[str, list[_Taken]] = {}
        self.lock = threading.RLock()

    def waiting(self) -> list[str]:
        """The modules that are put off still."""
        return [name for name in self.table if name in self._loaders]

    def load(self, name: str) -> bool:
        """Execute a module if it is put off, and whether it was."""
        if name not in self._loaders:
            return False
        with self.lock:
            if not self.table[name].is_leaf:
                self.enter_circle()
            self._execute(sys.modules[name])
        return True

    def enter_circle(self) -> bool:
        """Execute all that are no leaves, in PyTorch's order; False where they are, or are being executed."""
        names = self._circle.copy()
        self._circle.clear()
        try:
            for name in names:
                self._execute(sys.modules[name])
        except BaseException:
            self._circle.extend(names)
            raise
        return bool(names)

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        """A finder's answer to Python's import."""
        if name == "torch":
            return self._found_torch(path, target)
        if name in self.table:
            spec = PathFinder.find_spec(name, path, target)
            if spec is not None and spec.loader is not None:
                spec.loader = _PutOffLoader(self, spec.loader)
            return spec
        if "." not in name and _is_of_a_backend(name):
            self.enter_circle()
        if name.startswith("torch."):
            self.load(name.rpartition(".")[0])
            if not _is_importing_torch() and not name.startswith(self._alone):
                self.enter_circle()
            module = sys.modules.get(name)
            if module is not None and module.__spec__ is not None:
                return _HereLoader(module, module.__spec__).spec
        return None

    def _found_torch(self, path: Sequence[str] | None, target: ModuleType | None) -> ModuleSpec | None:
        """PyTorch itself; where it is a version that was not tested, nothing is put off."""
        spec = PathFinder.find_spec("torch", path, target)
        if spec is None or spec.origin is None or spec.loader is None:
            return spec
        if (version_of(spec) or "").partition("+")[0] in self._versions:
            spec.loader = _TorchLoader(self, spec.loader)
        else:
            sys.meta_path.remove(self)
        return spec

    def put_off(self, module: ModuleType, loader: Loader) -> None:
        """Leave a module as it is, to be executed by this loader when it is asked for something."""
        self._loaders[module.__name__] = loader
        module.__class__ = _PutOffModule

    def taken(self, name: str, attribute: str, by: dict[str, Any]) -> Callable[..., Any]:
        """What stands for a function that somebody takes out of a module, until that is executed."""

        def call(*arguments: object, **keywords: object) -> Any:
            return getattr(sys.modules[name], attribute)(*arguments, **keywords)

        self._taken.setdefault(name, []).append(_Taken(attribute, call, by))
        return call

    def _execute(self, module: ModuleType) -> None:
        """Nothing where that is done, or this thread is about it."""
        name = module.__name__
        loader = self._loaders.pop(name, None)
        if loader is None:
            return
        assert module.__spec__ is not None
        module.__spec__.loader = module.__loader__ = loader
        try:
            loader.exec_module(module)
        except BaseException as error:
            self._loaders[name] = loader
            if isinstance(error, Exception) and not isinstance(error, PutOffError):
                raise PutOffError(name, error) from error
            raise
        module.__class__ = ModuleType
        for attribute, call, variables in self._taken.pop(name, []):
            for variable in [variable for variable, value in variables.items() if value is call]:
                variables[variable] = getattr(module, attribute)


class _Taken(NamedTuple):
    """A function of a module, what stands for it, and the variables of who took it."""

    attribute: str
    call: object
    variables: dict[str, Any]


class _PutOffModule(ModuleType):
    """A module that is executed when it is asked for anything of its own."""

    def __getattribute__(self, attribute: str) -> Any:
        known = super().__getattribute__
        if attribute in _OF_IMPORT:
            return known(attribute)
        lean, name = LeanImport.installed, known("__name__")
        assert lean is not None
        if attribute in lean.table[name].called_later and _is_importing_torch():
            return lean.taken(name, attribute, sys._getframe(1).f_globals)
        with lean.lock:  # another thread may be executing it
            lean.load(name)
        return known(attribute)


_OF_IMPORT = frozenset(
    f"__{word}__" for word in ("spec", "path", "class", "name", "loader", "file", "package", "cached")
)
"""What Python's import looks at, which asks for nothing of the module's own."""


class _PutOffLoader(Loader):
    def __init__(self, lean: LeanImport, real: Loader) -> None:
        self.lean, self.real = lean, real

    def create_module(self, _spec: ModuleSpec) -> None:
        """Python makes it."""

    def exec_module(self, module: ModuleType) -> None:
        self.lean.put_off(module, self.real)


class _TorchLoader(Loader):
    def __init__(self, lean: LeanImport, real: Loader) -> None:
        self.lean, self.real = lean, real

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self.real.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        assert module.__spec__ is not None
        module.__spec__.loader = module.__loader__ = self.real
        self.real.exec_module(module)
        _make_generators(module)
        waiting = self.lean.waiting()
        for name, package in list(sys.modules.items()):
            if name.partition(".")[0] == "torch" and name not in waiting and hasattr(package, "__path__"):
                _import_below(self.lean, package)


class _HereLoader(Loader):
    """Of a module that was imported while its finder was asked: Python would execute it a second time."""

    def __init__(self, module: ModuleType, spec: ModuleSpec) -> None:
        self.module, self.spec, self.real = module, spec, spec.loader
        spec.loader = self

    def create_module(self, _spec: ModuleSpec) -> ModuleType:
        return self.module

    def exec_module(self, _module: ModuleType) -> None:
        self.spec.loader = self.real


def _import_below(lean: LeanImport, package: ModuleType) -> None:
    """Let the circle be what imports a module that is asked for as an attribute of its package."""
    own = vars(package).get("__getattr__")

    def missing(name: str) -> Any:
        is_below = not name.startswith("__") and PathFinder.find_spec(f"{package.__name__}.{name}", package.__path__)
        if is_below and lean.enter_circle() and name in vars(package):
            return vars(package)[name]
        if own is not None:
            return own(name)
        raise AttributeError(f"module {package.__name__!r} has no attribute {name!r}")

    vars(package)["__getattr__"] = missing


def _make_generators(torch: Any) -> None:
    """Let torch.Generator() make one, which it refuses since 2.12 until torch._prims has said its kind of class."""
    set_kind = getattr(torch._C, "_set_generator_metaclass", None)
    of_classes = sys.modules.get("torch._custom_class_base"), sys.modules.get("torch._opaque_base")
    kinds = [getattr(module, name, None) for module, name in zip(of_classes, _KINDS, strict=True)]
    if set_kind is not None and any(kinds):
        set_kind(next(filter(None, kinds)))


_KINDS = ("CustomClassBaseMeta", "OpaqueBaseMeta")
"""Of classes, in 2.14 and before."""


def _is_of_a_backend(name: str) -> bool:
    """Whether a module is imported by an extension for another device, which PyTorch loads at the end of its import."""
    if name in sys.stdlib_module_names or "torch" not in sys.modules or not _is_importing_torch():
        return False
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_name != "_import_device_backends":
        frame = frame.f_back
    return frame is not None


def _is_importing_torch() -> bool:
    return bool(getattr(sys.modules["torch"].__spec__, "_initializing", False))
