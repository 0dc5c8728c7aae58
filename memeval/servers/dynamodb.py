"""Amazon's DynamoDB Local, fetched with npm at its first use."""

import hashlib
import importlib
import shutil
import subprocess
import tarfile
from collections.abc import Sequence
from pathlib import Path

from filelock import FileLock

from memeval.kit import cache
from memeval.kit.errors import ModelError
from memeval.servers.base import Server, program

# The npm package that carries it; it is Amazon's and under Amazon's licence, so that memeval only says where it is.
_PACKAGE = "amplify-dynamodb-simulator"
_VERSION = "2.9.30"
_SHA256 = "3503ffac19f183407909fecdacf4db51ab1fdad1da7b2f177016670b2d80e4b9"
_JAR = Path("package") / "emulator" / "DynamoDBLocal.jar"


class DynamoServer(Server):
    """Amazon's emulator of its service: its times say nothing about the service. Needs Java, and npm once.

    Every key and region is taken, and sees the same tables.
    """

    name = "dynamodb"
    systems = ("dynamodb",)

    @property
    def url(self) -> str:
        """Its endpoint."""
        return f"http://127.0.0.1:{self.port}"

    def command(self) -> Sequence[str | Path]:
        """The server with its data in a file, without the telemetry that it has."""
        java = program("java", "DynamoDB Local needs Java, type apt-get install default-jre-headless")
        jar = _fetched()
        library = f"-Djava.library.path={jar.with_name('DynamoDBLocal_lib')}"
        options = ["-port", str(self.port), "-dbPath", str(self.folder), "-sharedDb", "-disableTelemetry"]
        return [java, "-Xmx512m", library, "-jar", jar, *options]

    def ready(self) -> None:
        """Answer which tables there are."""
        boto3 = importlib.import_module("boto3")
        session = boto3.session.Session("memeval", "memeval", region_name="us-east-1")
        client = session.client("dynamodb", endpoint_url=self.url)
        try:
            client.list_tables()
        finally:
            client.close()


def _fetched() -> Path:
    """The program in the cache folder, fetched where it is missing.

    Raises:
        ModelError: npm is missing or cannot reach its registry, or what came is something else.
    """
    folder = cache.folder() / "servers" / f"dynamodb-local-{_SHA256[:12]}"
    jar = folder / _JAR
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{folder}.lock"):
        if not jar.is_file():
            new = folder.with_name(f"{folder.name}.part")
            # What a kill has left.
            shutil.rmtree(new, ignore_errors=True)
            new.mkdir()
            try:
                _fetch(new)
                # At once or not at all: a folder that is there is complete.
                (new / "unpacked").rename(folder)
            finally:
                shutil.rmtree(new, ignore_errors=True)
    return jar


def _fetch(folder: Path) -> None:
    npm = program("npm", "it fetches DynamoDB Local, type apt-get install npm")
    done = subprocess.run(
        [npm, "pack", "--silent", f"{_PACKAGE}@{_VERSION}"],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    archive = folder / f"{_PACKAGE}-{_VERSION}.tgz"
    if done.returncode or not archive.is_file():
        raise ModelError(f"DynamoDB Local cannot be fetched with npm pack {_PACKAGE}@{_VERSION}: {done.stderr[-500:]}")
    found = hashlib.sha256(archive.read_bytes()).hexdigest()
    if found != _SHA256:
        raise ModelError(f"{_PACKAGE}@{_VERSION} is not what memeval knows (SHA-256 {found}): it is not used")
    with tarfile.open(archive) as content:
        members = [each for each in content if each.name.startswith("package/emulator/")]
        content.extractall(folder / "unpacked", members, filter="data")
