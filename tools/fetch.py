#!/usr/bin/env python3
"""Fetches the source archives that deps/archives.txt names, checks them and unpacks what we use.

Without it: `pip download --no-binary` first builds each package's own build dependencies, which
takes minutes and runs code that is not wanted here.

The archives come from the package index that pip is configured for, with pip's certificates.
"""

import fnmatch
import hashlib
import html
import io
import pathlib
import re
import ssl
import subprocess
import sys
import tarfile
import urllib.parse
import urllib.request
import zipfile


def pip_setting(name: str) -> str:
    """What pip is told about `name`, by environment or file; "" when nothing."""
    for scope in (":env:", "global"):
        ran = subprocess.run(
            [sys.executable, "-m", "pip", "config", "get", f"{scope}.{name}"],
            capture_output=True,
            text=True,
        )
        if ran.returncode == 0:
            return ran.stdout.strip()
    return ""


def index_url() -> str:
    configured = pip_setting("index-url")
    if configured:
        return configured.rstrip("/")
    from pip._internal.models.index import PyPI

    return str(PyPI.simple_url).rstrip("/")


def get(url: str) -> bytes:
    trusted = ssl.create_default_context(cafile=pip_setting("cert") or None)
    with urllib.request.urlopen(url, timeout=180, context=trusted) as answer:
        return bytes(answer.read())


def find_archive(index: str, project: str, file: str) -> str:
    """The address of `file` on the project's page."""
    page_url = f"{index}/{project}/"
    page = get(page_url).decode()
    for link in re.findall(r'href="([^"]+)"', page):
        address = urllib.parse.urljoin(page_url, html.unescape(link)).split("#")[0]
        if address.rsplit("/", 1)[-1] == file:
            return address
    raise LookupError(f"the package index does not list {file}")


def unpack(archive: bytes, cut: str, patterns: "list[str]", into: pathlib.Path) -> int:
    """Writes the wanted members below `into`; inner zip files are unpacked too."""
    count = 0
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        for member in tar:
            name = member.name
            if not member.isfile() or not name.startswith(cut + "/"):
                continue
            name = name[len(cut) + 1 :]
            if ".." in name or not any(fnmatch.fnmatch(name, p) for p in patterns):
                continue
            data = tar.extractfile(member)
            assert data is not None
            target = into / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if name.endswith(".zip"):
                zipfile.ZipFile(io.BytesIO(data.read())).extractall(target.parent)
            else:
                target.write_bytes(data.read())
            count += 1
    return count


def fetch(line: str, index: str, root: pathlib.Path) -> None:
    project, file, sha256, folder, cut, *patterns = line.split()
    archive = get(find_archive(index, project, file))
    seen = hashlib.sha256(archive).hexdigest()
    if seen != sha256:
        raise ValueError(f"{file} has sha256 {seen}, but {sha256} is pinned: not used")
    if unpack(archive, cut, patterns, root / folder) == 0:
        raise LookupError(f"{file} holds none of {' '.join(patterns)}")
    print(f"  {file} -> {folder}")


def main() -> int:
    manifest, root, *projects = sys.argv[1:]
    lines = pathlib.Path(manifest).read_text().splitlines()
    wanted = [x for x in lines if x.strip() and not x.startswith("#")]
    index = index_url()
    for line in wanted:
        if projects and line.split()[0] not in projects:
            continue
        try:
            fetch(line, index, pathlib.Path(root))
        except (OSError, LookupError, ValueError) as problem:
            print(f"fetch: {line.split()[0]}: {problem}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
