"""What holds for every pod: the restricted Pod Security Standard, and more."""

import re
from collections.abc import Callable

from tests.deploy.rendered import Resource

DIGEST = re.compile(r"[^@\s]+@sha256:[0-9a-f]{64}")


def _containers(pod: Resource) -> list[Resource]:
    return [*pod.get("initContainers", []), *pod["containers"]]


def _all(holds: Callable[[Resource], bool]) -> Callable[[Resource], bool]:
    return lambda pod: all(holds(container) for container in _containers(pod))


def _secured(holds: Callable[[Resource], bool]) -> Callable[[Resource], bool]:
    return _all(lambda container: holds(container.get("securityContext", {})))


POLICIES: dict[str, Callable[[Resource], bool]] = {
    "runs as no root": lambda pod: bool(pod["securityContext"].get("runAsNonRoot")),
    "runs as the image's user": lambda pod: pod["securityContext"].get("runAsUser") == 65532,
    "has the runtime's seccomp profile": lambda pod: (
        pod["securityContext"].get("seccompProfile") == {"type": "RuntimeDefault"}
    ),
    "shares nothing of the host": lambda pod: (
        not any(pod.get(key) for key in ("hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace"))
    ),
    "mounts nothing of the host": lambda pod: not any("hostPath" in volume for volume in pod.get("volumes", [])),
    "gets no token of the API server": lambda pod: pod.get("automountServiceAccountToken") is False,
    "gets no variables of Services": lambda pod: pod.get("enableServiceLinks") is False,
    "can gain no privileges": _secured(lambda security: security.get("allowPrivilegeEscalation") is False),
    "is not privileged": _secured(lambda security: not security.get("privileged")),
    "has a root that is read-only": _secured(lambda security: security.get("readOnlyRootFilesystem") is True),
    "has no capability": _secured(lambda security: security.get("capabilities") == {"drop": ["ALL"]}),
    "has an image by digest": _all(lambda container: bool(DIGEST.fullmatch(container["image"]))),
    "has as much memory as it asks for": _all(
        lambda container: container["resources"]["limits"]["memory"] == container["resources"]["requests"]["memory"]
    ),
    "asks for CPU": _all(lambda container: bool(container["resources"]["requests"]["cpu"])),
    "has all probes": _all(lambda container: {"startupProbe", "livenessProbe", "readinessProbe"} <= container.keys()),
    "writes to bounded memory only": lambda pod: all(
        volume["emptyDir"].get("sizeLimit") for volume in pod.get("volumes", []) if "emptyDir" in volume
    ),
    "can't write keys": _all(
        lambda container: all(mount.get("readOnly") for mount in container["volumeMounts"] if mount["name"] == "keys")
    ),
    "holds no secret in its environment": _all(
        lambda container: not {each["name"] for each in container["env"]} & {"XENT_API_KEYS"}
    ),
}


def broken_by(pod: Resource) -> list[str]:
    """The policies that a pod does not keep."""
    return [name for name, holds in POLICIES.items() if not holds(pod)]
