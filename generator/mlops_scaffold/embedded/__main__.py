"""Start-up: ``python -P .../embedded/__main__.py [--preload pulumi_aws.ec2,pulumi_kubernetes.core.v1]``.

The package loads itself from its own folder, under a name of its own: no folder of ours gets onto ``sys.path``, where
it could shadow a module of the user's program.
"""

import importlib.util
import sys
from pathlib import Path

PACKAGE = "mlops_embedded"


def load_package() -> None:
    """Makes the modules beside this file importable as ``mlops_embedded.<module>``."""
    folder = Path(__file__).resolve().parent
    spec = importlib.util.spec_from_file_location(
        PACKAGE, folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    if spec is None or spec.loader is None:
        raise ImportError(f"{folder} is not a package")
    sys.modules[PACKAGE] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)


if __name__ == "__main__":
    load_package()
    importlib.import_module(f"{PACKAGE}.server").main(sys.argv[1:])
